"""The forms that verdicts can be written in."""

from enum import StrEnum

from farm import __version__
from farm.publish.judgement import Judgement


class Form(StrEnum):
    """Whom a file of verdicts is for."""

    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    MARKDOWN = "markdown"
    GITHUB = "github"


def written(judgement: Judgement, form: Form) -> str:
    """Return the verdicts in a form."""
    from farm.publish import annotations, junit, markdown, sarif, verdict_json

    match form:
        case Form.JSON:
            return verdict_json.verdict_json(judgement)
        case Form.JUNIT:
            return junit.junit_xml(judgement)
        case Form.SARIF:
            return sarif.sarif_json(judgement, __version__)
        case Form.MARKDOWN:
            return markdown.markdown(judgement)
        case Form.GITHUB:
            return annotations.annotations(judgement)
