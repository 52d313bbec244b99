"""The old name of Kamaelia.Util.Stringify."""

from Kamaelia.Util.Stringify import Stringify

ToStringComponent = Stringify
