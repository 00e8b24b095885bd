# Sourced by ./hermes and ./test: makes .venv with the pinned packages.

# find_python: prints the first Python that is new enough.
find_python() {
  for candidate in python3 python3.13 python3.12 python3.11 python3.14 python; do
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return 0
    fi
  done
  echo "hermes needs Python 3.11 or newer, and found none." >&2
  echo "On Debian or Ubuntu: apt install python3 python3-venv" >&2
  return 1
}

# make_environment ROOT PYTHON: an empty .venv, or a message saying what is missing.
make_environment() {
  if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --python "$2" "$1/.venv"
    return
  fi
  if ! "$2" -c 'import venv, ensurepip' 2>/dev/null; then
    version=$("$2" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "This Python ($2) comes without venv or ensurepip." >&2
    echo "On Debian or Ubuntu: apt install python$version-venv" >&2
    return 1
  fi
  "$2" -m venv "$1/.venv"
}

# install_packages ROOT WHAT: the program as it stands here, with pinned packages.
install_packages() {
  if command -v uv >/dev/null 2>&1; then
    uv pip install --python "$1/.venv/bin/python" -c "$1/constraints.txt" -e "$2"
  else
    "$1/.venv/bin/python" -m pip install --disable-pip-version-check \
      -c "$1/constraints.txt" -e "$2"
  fi
}

# hold_lock FOLDER: waits while another living process sets up the same folder.
hold_lock() {
  waited=
  until mkdir "$1" 2>/dev/null; do
    owner=$(cat "$1/pid" 2>/dev/null)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
      rm -rf "$1"
      continue
    fi
    [ -n "$waited" ] || echo "Waiting for another setup of this checkout ..."
    waited=$((${waited:-0} + 1))
    if [ "$waited" -gt 600 ]; then
      echo "Setup is locked by $1; remove it if nothing is being set up." >&2
      return 1
    fi
    sleep 1
  done
  echo $$ >"$1/pid"
}

# set_up_environment ROOT run|test
set_up_environment() (
  root=$1
  what=$root
  [ "$2" = test ] && what="$root[test]"
  lock=$root/.venv.lock
  hold_lock "$lock" || exit 1
  trap 'rm -rf "$lock"' EXIT
  trap 'exit 130' INT TERM
  echo "Setting up $root/.venv ..."
  rm -f "$root/.venv/.ready-run" "$root/.venv/.ready-test"
  if ! "$root/.venv/bin/python" -c '' 2>/dev/null; then
    rm -rf "$root/.venv"
    python=$(find_python) || exit 1
    make_environment "$root" "$python" || exit 1
  fi
  if ! install_packages "$root" "$what"; then
    echo "Installing the packages failed; see above. Run the same command to try again." >&2
    exit 1
  fi
  touch "$root/.venv/.ready-run"
  [ "$2" = test ] && touch "$root/.venv/.ready-test"
  exit 0
)
