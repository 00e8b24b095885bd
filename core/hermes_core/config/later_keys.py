"""Keys other versions of the program understand: kept in the file, not reported.

A name covers everything below it.
"""

from __future__ import annotations

_NAMES = """
_config_version auxiliary.vision auxiliary.web_extract auxiliary.session_search
auxiliary.approval auxiliary.mcp auxiliary.flush_memories auxiliary.skills_hub
fallback_model
agent.gateway_timeout agent.gateway_timeout_warning
agent.gateway_notify_interval agent.restart_drain_timeout agent.save_trajectories
context memory
skills.platform_disabled skills.config skills.creation_nudge_interval
delegation.max_spawn_depth delegation.orchestrator_enabled code_execution worktree checkpoints.auto_prune checkpoints.retention_days
checkpoints.delete_orphans checkpoints.min_interval_hours
terminal.docker_image terminal.singularity_image terminal.modal_image
terminal.daytona_image terminal.docker_forward_env terminal.docker_env
terminal.docker_volumes terminal.docker_mount_cwd_to_workspace
terminal.container_cpu terminal.container_memory terminal.container_disk
terminal.container_persistent terminal.ssh_host terminal.ssh_user terminal.ssh_port
terminal.ssh_key terminal.ssh_persistent terminal.modal_mode terminal.sandbox_dir
terminal.credential_files browser web display.personality
display.interim_assistant_messages display.tool_progress_command display.platforms
display.tool_progress_overrides display.busy_ack_enabled privacy stt tts voice
human_delay tui.sound tui.inline security.tirith_enabled security.tirith_path
security.tirith_timeout security.tirith_fail_open security.tirith
security.fake_ip_ranges security.allow_private_urls security.website_blocklist
website_blocklist approvals.gateway_timeout approvals.cron_mode network.update_check
network.hub_index cron plugins hooks mcp_servers toolsets
known_plugin_toolsets session_reset reset_triggers group_sessions_per_user
thread_sessions_per_user unauthorized_dm_behavior always_log_local streaming platforms
discord telegram slack matrix whatsapp signal email mattermost homeassistant
bluebubbles dingtalk feishu wecom wecom_callback weixin qqbot sms webhook
"""

LATER = frozenset(_NAMES.split())
