"""What scopes allow, in other languages than the operator's own: checked before anything starts."""

from server.settings import Settings, SettingsError
from web_verify.languages import LANGUAGES


def check_scopes_in(settings: Settings) -> None:
    """Raise `SettingsError` for a language that the pages do not speak, a scope that is none, or no sentence."""
    known = {language.tag for language in LANGUAGES}
    for tag, sentences in settings.scopes_in.items():
        if tag not in known:
            raise SettingsError(f"scopes_in: write a language of the pages ({', '.join(sorted(known))}), not {tag!r}")
        for scope, sentence in sentences.items():
            if scope not in settings.scopes:
                raise SettingsError(f"scopes_in: {tag} has a sentence for {scope!r}, which is no scope of this server")
            if not isinstance(sentence, str) or not sentence.strip():
                raise SettingsError(f"scopes_in: write a sentence for people beside {scope} in {tag}")
