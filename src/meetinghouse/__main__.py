"""`python -m meetinghouse`."""

from meetinghouse.cli import main

main()
