"""The sentences of the inbox: apps that ask a person on their phone. A part of `words.py`."""

from typing import Final

REQUEST_WORDS: Final[dict[str, str]] = {
    # The inbox
    "inbox.h1": "Requests",
    "inbox.none": "No app is asking you now.",
    "inbox.none_next": "When an app asks, you see it here. Open this page again to look.",
    "inbox.look": "Look and answer",
    "inbox.look_which": "Look at the request of {app}",
    "inbox.again": "Look again",
    "inbox.link": "Requests",
    "inbox.stopped": "Apps you stopped",
    "inbox.stopped_until": "can't ask you until {when}",
    "inbox.stopped_for_good": "can't ask you",
    "inbox.let": "Let it ask again",
    "inbox.let_which": "Let {app} ask again",
    # The code that apps must know
    "inbox.code": "A code for apps",
    "inbox.code_off": "Any app that knows your name here may ask you. Set a code, and only apps you told it may ask.",
    "inbox.code_on": "Only apps that you told your code may ask you.",
    "inbox.code_label": "Code, 4 to 64 letters or digits",
    "inbox.code_open": "Set a code",
    "inbox.code_change": "Change the code",
    "inbox.code_set": "Set this code",
    "inbox.code_drop": "Ask for no code",
    "inbox.code_wrong": "Type a code of 4 to 64 letters or digits.",
    # One request
    "request.h1": "Did you start this?",
    "request.says": "{app} says",
    "request.compare": "Say yes only if you see these same words where you started.",
    "request.silent": "The app gives no words to compare. Say yes only if you started this yourself, just now.",
    "request.asked": "Asked",
    "request.ends": "Ends",
    "request.undo": "You can end this at any time in My devices.",
    "request.scam": "Did somebody tell you to say yes? It's a scam. Tap <b>I did not ask for this</b>.",
    "request.q": "Let {app} do this?",
    "request.deny": "No",
    "request.approve": "Yes, allow it",
    "request.not_me": "I did not ask for this",
    "request.not_me_hint": "Stops it, and {app} can't ask you again for a day.",
    # Answered
    "request_ok.h1": "You said yes",
    "request_ok.body": "Go back to the app. You can close this page.",
    "request_deny.h1": "Stopped",
    "request_deny.body": "Nothing was signed in, and your account is safe.",
    "request_deny.rest": "{app} can't ask you again until you let it. You find it under Requests.",
    "request_deny.never": "Never let {app} ask me",
    "request_gone.h1": "That request is over",
    "request_gone.body": "Nothing was signed in. If you still want it, start again in the app.",
}

REQUEST_COUNTED: Final[dict[str, tuple[str, str]]] = {
    "inbox.waiting": ("{n} app waits for your answer", "{n} apps wait for your answer"),
}
