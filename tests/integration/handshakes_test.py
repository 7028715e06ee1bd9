#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Certificates that nobody should accept, each wrong in one way, shown to a real node by somebody who has their key."""
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from set_up import SharedFederationTest, run
from federation import wait_for
from hostile import call, handshake, node_uri

VICTIM = "0188:7123456789012"
EVIL = "0188:4011001098993"
STRANGER = "0088:4900000000009"
HOUR = datetime.timedelta(hours=1)

NO_TLS = "-"  # the connection itself does not come about
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
          "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


class Authority:
    """A key and a certificate that issue, as if they were trusted."""

    def __init__(self, key, certificate):
        self.key = key
        self.certificate = certificate

    @classmethod
    def load(cls, folder, name):
        key = serialization.load_pem_private_key((folder / "keys" / f"{name}.key").read_bytes(), None)
        return cls(key, x509.load_pem_x509_certificate((folder / "certs" / f"{name}.crt").read_bytes()))


class Wish:
    """A certificate as a node of EVIL has it, but for what a case changes."""

    def __init__(self, issuer, **changes):
        self.issuer = issuer            # None: itself
        self.key = None                 # made anew
        self.names = [x509.UniformResourceIdentifier(node_uri(EVIL))]
        self.common_name = ""
        self.purposes = [SERVER, CLIENT]
        self.usages = ("digital_signature",)
        self.is_authority = False
        self.begin, self.end = -HOUR, 24 * HOUR
        self.is_tampered = False
        self.more = []                  # extensions: (value, is critical)
        self.chain = []                 # certificates that come along
        for name, value in changes.items():
            assert hasattr(self, name), name
            setattr(self, name, value)

    def issue(self):
        key = self.key or ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.utcnow()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.common_name)] if self.common_name else [])
        signer = self.issuer or Authority(key, None)
        builder = (x509.CertificateBuilder().subject_name(subject)
                   .issuer_name(signer.certificate.subject if self.issuer else subject)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now + self.begin).not_valid_after(now + self.end)
                   .add_extension(x509.BasicConstraints(self.is_authority, None), critical=True)
                   .add_extension(x509.KeyUsage(**{name: name in self.usages for name in USAGES}), critical=True))
        if self.names:
            builder = builder.add_extension(x509.SubjectAlternativeName(self.names), critical=not self.common_name)
        if self.purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(self.purposes), critical=False)
        for value, critical in self.more:
            builder = builder.add_extension(value, critical)
        digest = None if isinstance(signer.key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        certificate = builder.sign(signer.key, digest)
        if self.is_tampered:
            der = bytearray(certificate.public_bytes(serialization.Encoding.DER))
            der[-1] ^= 1
            certificate = x509.load_der_x509_certificate(bytes(der))
        return Authority(key, certificate)


def pem_of(certificates):
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def uri(text):
    return x509.UniformResourceIdentifier(text)


class HandshakesTest(SharedFederationTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.evil = cls.federation.init_member("evil", EVIL, "悪", "Evil", "--role", "manufacturer")
        cls.federation.enrol(cls.evil)
        cls.victim = cls.federation.add_member("victim", VICTIM, "被害者", "Victim", "--role", "manufacturer")
        wait_for("the victim to know the member", lambda: cls.victim.cli("member", "show", EVIL, check=False).code == 0)
        cls.root = Authority.load(cls.operator.folder, "federation-ca")
        cls.clients_of_victim = Authority.load(cls.victim.folder, "client-ca")
        cls.node_of_evil = Authority.load(cls.evil.folder, "node")

    def cases(self):
        """What is wrong -> the reason that the caller reads, and the certificate."""
        root = self.root
        twin = Authority(ec.generate_private_key(ec.SECP256R1()), root.certificate)
        own = Wish(None, common_name="An authority", names=[], purposes=[], is_authority=True,
                   usages=("key_cert_sign", "crl_sign")).issue()
        below = Wish(root, common_name="Below", names=[], purposes=[], is_authority=True,
                     usages=("key_cert_sign", "crl_sign")).issue()
        evil = node_uri(EVIL)
        yield "nothing", "OK", Wish(root)
        yield "nothing, with an Ed25519 key", "OK", Wish(root, key=ed25519.Ed25519PrivateKey.generate())
        # Who issued it.
        yield "it is signed by itself", NO_TLS, Wish(None)
        yield "another authority issued it", NO_TLS, Wish(own)
        yield "another authority issued it, and comes along", NO_TLS, Wish(own, chain=[own.certificate])
        yield "an authority of the same name and another key issued it", NO_TLS, Wish(twin)
        yield "a node's own certificate issued it", NO_TLS, Wish(self.node_of_evil,
                                                                 chain=[self.node_of_evil.certificate])
        yield "an authority below the federation's issued it", NO_TLS, Wish(below, chain=[below.certificate])
        yield "the victim's authority for clients names a node", "CERTIFICATE_CHAIN", Wish(self.clients_of_victim)
        yield "the federation's authority names a client", "CERTIFICATE_CHAIN", Wish(
            root, names=[uri(node_uri(VICTIM, "client/admin"))], purposes=[CLIENT])
        yield "a bit of its signature is another", NO_TLS, Wish(root, is_tampered=True)
        # When.
        yield "it is over", NO_TLS, Wish(root, begin=-3 * HOUR, end=-HOUR)
        yield "it has not begun", NO_TLS, Wish(root, begin=HOUR, end=2 * HOUR)
        # What for.
        yield "it is for servers alone", NO_TLS, Wish(root, purposes=[SERVER])
        yield "it is to sign code", NO_TLS, Wish(root, purposes=[ExtendedKeyUsageOID.CODE_SIGNING])
        yield "it does not say what for", "CERTIFICATE_CHAIN", Wish(root, purposes=[])
        yield "it is an authority itself", "CERTIFICATE_CHAIN", Wish(
            root, is_authority=True, usages=("digital_signature", "key_cert_sign"))
        yield "it may only encipher keys", NO_TLS, Wish(root, usages=("key_encipherment",))
        yield "it may sign certificates as well", "CERTIFICATE_CHAIN", Wish(
            root, usages=("digital_signature", "key_cert_sign"))
        yield "it has a critical extension that nobody knows", NO_TLS, Wish(
            root, more=[(x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00"), True)])
        # Of whom.
        yield "it names nobody", "CERTIFICATE_IDENTITY", Wish(root, names=[], common_name=evil)
        yield "it names a host", "CERTIFICATE_IDENTITY", Wish(root, names=[x509.DNSName("evil.example")])
        yield "it names two members", "CERTIFICATE_IDENTITY", Wish(root, names=[uri(evil), uri(node_uri(VICTIM))])
        yield "it names a member and a host", "CERTIFICATE_IDENTITY", Wish(
            root, names=[uri(evil), x509.DNSName("evil.example")])
        yield "it names a web page", "CERTIFICATE_IDENTITY", Wish(root, names=[uri(evil.replace("spiffe", "https"))])
        yield "the path is in capitals", "CERTIFICATE_IDENTITY", Wish(root, names=[uri(evil.replace("/member", "/Member"))])
        yield "the path goes on", "CERTIFICATE_IDENTITY", Wish(root, names=[uri(evil + "/more")])
        yield "the path ends with a slash", "CERTIFICATE_IDENTITY", Wish(root, names=[uri(evil + "/")])
        yield "the path is encoded", "CERTIFICATE_IDENTITY", Wish(root, names=[uri(evil.replace("/main", "/m%61in"))])
        yield "a query stands behind the path", "CERTIFICATE_IDENTITY", Wish(root, names=[uri(evil + "?x=1")])
        yield "a zero byte hides the rest", "CERTIFICATE_IDENTITY", Wish(root, names=[uri(evil + "\0/more")])
        yield "the node has no name", "CERTIFICATE_IDENTITY", Wish(root, names=[uri(evil.replace("/main", "/"))])
        yield "the participant ID has no form", "CERTIFICATE_IDENTITY", Wish(root, names=[uri(evil.replace("0188", "188"))])
        yield "the identifier is too long", "CERTIFICATE_IDENTITY", Wish(
            root, names=[uri(evil.replace("4011001098993", "4" * 36))])
        yield "it is of another federation", "CERTIFICATE_FEDERATION", Wish(
            root, names=[uri(node_uri(EVIL, federation="other.example"))])
        yield "the registry knows no such member", "NODE_NOT_REGISTERED", Wish(root, names=[uri(node_uri(STRANGER))])
        yield "the registry knows no such node of the member", "NOT_HOSTED_THERE", Wish(
            root, names=[uri(node_uri(EVIL, "node/other"))])
        # With which key.
        yield "the key is RSA", "CERTIFICATE_CHAIN", Wish(root, key=rsa.generate_private_key(65537, 2048))
        yield "the key is on another curve", "CERTIFICATE_CHAIN", Wish(root, key=ec.generate_private_key(ec.SECP384R1()))

    def write(self, number, issued, chain):
        key, certificate = self.folder / f"{number}.key", self.folder / f"{number}.crt"
        key.touch(0o600)
        key.write_bytes(issued.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                 serialization.NoEncryption()))
        certificate.write_bytes(pem_of([issued.certificate, *chain]))
        return key, certificate

    def test_each_certificate_meets_its_own_reason(self):
        seen = 0
        for number, (what, reason, wish) in enumerate(self.cases()):
            with self.subTest(what):
                credentials = self.write(number, wish.issue(), wish.chain)
                self.assertEqual(call(self.federation, credentials, self.victim, "follow", "--feed", "public"), reason)
                seen += 1
        self.assertGreaterEqual(seen, 30)

    def test_no_older_tls_with_the_best_certificate(self):
        credentials = self.write("best", Wish(self.root).issue(), [])
        self.assertEqual(handshake(self.federation, credentials, self.victim, "1.3"), "OK")
        self.assertEqual(handshake(self.federation, credentials, self.victim, "1.2"), "EOF")


if __name__ == "__main__":
    run()
