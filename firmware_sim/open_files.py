"""Connections are open files: asks the system for as many as the fleet will need, before any device starts."""

import resource

from firmware_sim.discovery import Wrong


def allow_open_files(needed: int) -> None:
    """Raise this process's soft limit to `needed`. Raises `Wrong` when the system's hard limit forbids it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise Wrong(
            f"--count: these devices need {needed} open files and the system allows {hard}; "
            f"raise the limit (ulimit -Hn {needed}) or simulate fewer"
        )
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    except (OSError, ValueError) as error:
        raise Wrong(f"--count: these devices need {needed} open files: {error}; simulate fewer") from None
