"""Whether a scheduler would let this host in, in words: distributed itself only tries again and again."""

import socket
import ssl

from farm.cluster.address import Address
from farm.cluster.keys import Keys
from farm.errors import HostAway, InputError

_TIMEOUT_S = 5.0


def knock(address: Address, keys: Keys | None) -> None:
    """Return when a scheduler answers. Raises HostAway when nobody does, InputError when it or this host has not the right keys."""
    try:
        with socket.create_connection((address.host, address.port), _TIMEOUT_S) as plain:
            if not address.encrypted:
                return
            assert keys is not None, "an encrypted address has keys"
            with _context(keys).wrap_socket(plain) as encrypted:
                encrypted.recv(1)  # with TLS 1.3 a refusal comes after the handshake
    except ssl.SSLCertVerificationError as error:
        raise InputError(
            f"{address} is not a scheduler of this cluster: {error.verify_message}",
            hint=f"the keys in {keys.folder if keys else ''} are of another cluster, or one side's have expired",
        ) from error
    except ssl.SSLError as error:
        raise InputError(
            f"{address} does not let {keys.name if keys else 'this host'} in: {_reason(error)}",
            hint="make its keys anew on the scheduler's host: farm cluster keys --renew; then copy them",
        ) from error
    except OSError as error:
        raise HostAway(
            f"no scheduler answers at {address}: {error.strerror or error}", hint="start one there: farm cluster scheduler"
        ) from error


def _context(keys: Keys) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(keys.authority))
    context.check_hostname = False  # as distributed does it: the authority is the cluster's own, and hosts are addressed by number
    context.load_cert_chain(str(keys.certificate), str(keys.key))
    return context


def _reason(error: ssl.SSLError) -> str:
    words = (error.reason or str(error)).lower().replace("_", " ")
    return words.removeprefix("sslv3 ").removeprefix("tlsv1 ").removeprefix("tlsv13 ").removeprefix("alert ")
