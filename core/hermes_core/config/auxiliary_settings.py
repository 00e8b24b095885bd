"""Which model does the side jobs: summaries and titles."""

from __future__ import annotations

from hermes_core.config.model_settings import ApiMode
from hermes_core.config.section import Section, setting


class AuxiliaryTask(Section):
    """Who does one side job. Left alone, it is the model of the conversation."""

    provider: str = setting("auto", "Provider id; `auto` and `main`: the conversation's own.")
    model: str = setting("", "Model id; empty: the provider's cheap one, or the conversation's.")
    base_url: str = setting("", "Address of a custom endpoint; wins over `provider`.")
    api_key: str = setting("", "Key of that endpoint; sent to it alone.", secret=True)
    api_mode: ApiMode = setting("", "Wire format of that endpoint.")
    timeout: float = setting(120.0, "Seconds for one answer.", gt=0)
    context_length: int | None = setting(None, "Context window in tokens; unset asks.", ge=1)


class CompressionTask(AuxiliaryTask):
    """Who summarises long conversations."""

    provider: str = setting(
        "auto",
        "Provider id; `auto` and `main`: the conversation's own.",
        env="AUXILIARY_COMPRESSION_PROVIDER",
    )
    model: str = setting(
        "",
        "Model id; empty: the provider's cheap one, or the conversation's.",
        env="AUXILIARY_COMPRESSION_MODEL",
    )
    base_url: str = setting(
        "",
        "Address of a custom endpoint; wins over `provider`.",
        env="AUXILIARY_COMPRESSION_BASE_URL",
    )
    api_key: str = setting(
        "",
        "Key of that endpoint; sent to it alone.",
        env="AUXILIARY_COMPRESSION_API_KEY",
        secret=True,
    )


class TitleTask(AuxiliaryTask):
    """Who names conversations after their first exchange."""

    enabled: bool = setting(True, "Name new conversations.")
    provider: str = setting(
        "auto",
        "Provider id; `auto` and `main`: the conversation's own.",
        env="AUXILIARY_TITLE_GENERATION_PROVIDER",
    )
    model: str = setting(
        "",
        "Model id; empty: the provider's cheap one, or the conversation's.",
        env="AUXILIARY_TITLE_GENERATION_MODEL",
    )
    base_url: str = setting(
        "",
        "Address of a custom endpoint; wins over `provider`.",
        env="AUXILIARY_TITLE_GENERATION_BASE_URL",
    )
    api_key: str = setting(
        "",
        "Key of that endpoint; sent to it alone.",
        env="AUXILIARY_TITLE_GENERATION_API_KEY",
        secret=True,
    )
    timeout: float = setting(30.0, "Seconds for one answer.", gt=0)


class AuxiliarySettings(Section):
    """Side jobs; each may have a model of its own."""

    compression: CompressionTask = setting(CompressionTask, "Summaries of long conversations.")
    title_generation: TitleTask = setting(TitleTask, "Titles of new conversations.")
