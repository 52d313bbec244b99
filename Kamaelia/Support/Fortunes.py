"""Sayings, for programs that send one to each client.

Example usage
-------------
    random.choice(FORTUNES)
"""

__all__ = ["FORTUNES"]

#: Proverbs, each with a line end.
FORTUNES = (
    "A chain is as strong as its weakest link.\n",
    "A problem that is well stated is half solved.\n",
    "A stitch in time saves nine.\n",
    "All good things come to an end.\n",
    "Better late than never.\n",
    "Look before you leap.\n",
    "Make haste slowly.\n",
    "Many hands make light work.\n",
    "Measure twice, cut once.\n",
    "No news is good news.\n",
    "Practice makes perfect.\n",
    "Rome was not built in a day.\n",
    "Still waters run deep.\n",
    "The early bird catches the worm.\n",
    "Too many cooks spoil the broth.\n",
    "When in doubt, leave it out.\n",
)
