"""RSA by the library cryptography: loading it is a tenth of a start, so `keys` does that when a key is first used."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

KEY_BITS = 2048
PADDING, HASH = padding.PKCS1v15(), SHA256()


class Loaded:
    """A key pair that is ready for use."""

    __slots__ = ("private", "public")

    def __init__(self, pem: str) -> None:
        """Load a private key from its PEM text. Raises `TypeError` or `ValueError` if it holds none."""
        key = serialization.load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, rsa.RSAPrivateKey):
            message = "the PEM text holds no RSA private key"
            raise TypeError(message)
        self.private = key
        self.public = key.public_key()

    def sign(self, message: bytes) -> bytes:
        """Return the RS256 signature of a message."""
        return self.private.sign(message, PADDING, HASH)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether this is the RS256 signature of a message. Done here, since importing PyJWT takes a start 40 ms."""
        try:
            self.public.verify(signature, message, PADDING, HASH)
        except InvalidSignature:
            return False
        return True


def generate() -> str:
    """Generate a new key pair (about 25 ms) and return its PEM text."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()
