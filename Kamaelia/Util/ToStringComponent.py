"""The historical import path of Kamaelia.Util.Stringify."""

from Kamaelia.Util.Stringify import Stringify

ToStringComponent = Stringify
