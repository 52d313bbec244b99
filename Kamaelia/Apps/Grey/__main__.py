"""python -m Kamaelia.Apps.Grey: the command kamaelia-grey."""

import sys

from Kamaelia.Apps.Grey.Command import main

sys.exit(main())
