package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What OpenSSL says of our certificates, requests, keys and bundles, and we of its. */
class OpenSslCertificatesTest {
  private OpenSsl openssl;
  private TestPki pki;

  @TempDir private Path folder;

  @BeforeEach
  void makeAuthorities() throws Exception {
    openssl = new OpenSsl(folder);
    pki = TestPki.ofToday();
    openssl.write("root.crt", Pem.encode(pki.root.chain()));
    openssl.write("root.key", Pem.encode(pki.root.key()));
    openssl.write("issuing.crt", Pem.encode(List.of(pki.issuing.certificate())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"EC_P256", "EC_P384", "RSA_2048", "ED25519"})
  void verifiesOurChains(String algorithm) throws Exception {
    CertificateAuthority issuing =
        pki.root.createIssuing(
            "issuing " + algorithm, KeyAlgorithm.valueOf(algorithm), CertificateProfile.ISSUING);
    var keys = KeyAlgorithm.valueOf(algorithm).generate(pki.random);
    var leaf =
        issuing.issue(
            keys.getPublic(), SubjectNames.ofCommonName("dev-1"), CertificateProfile.DEVICE);
    openssl.write("own.crt", Pem.encode(List.of(issuing.certificate())));
    openssl.write("dev.crt", Pem.encode(List.of(leaf)));
    openssl.run(
        "verify",
        "-x509_strict",
        "-CAfile",
        "root.crt",
        "-untrusted",
        "own.crt",
        "-purpose",
        "sslclient",
        "dev.crt");
    String wrong =
        openssl.fail(
            "verify",
            "-CAfile",
            "root.crt",
            "-untrusted",
            "own.crt",
            "-purpose",
            "sslserver",
            "dev.crt");
    assertTrue(wrong.contains("purpose"), wrong);
  }

  @Test
  void findsEveryNameOfAServer() throws Exception {
    openssl.write(
        "server.crt",
        Pem.encode(
            List.of(
                pki.server("localhost", "127.0.0.1", "::1", "mqtt.example.com").certificate())));
    for (String[] name :
        List.of(
            new String[] {"-verify_hostname", "mqtt.example.com"},
            new String[] {"-verify_ip", "127.0.0.1"},
            new String[] {"-verify_ip", "::1"})) {
      openssl.run(
          "verify",
          "-x509_strict",
          "-CAfile",
          "root.crt",
          "-untrusted",
          "issuing.crt",
          name[0],
          name[1],
          "server.crt");
    }
    openssl.fail(
        "verify",
        "-CAfile",
        "root.crt",
        "-untrusted",
        "issuing.crt",
        "-verify_hostname",
        "other.example.com",
        "server.crt");
  }

  @Test
  void holdsUsToOurNameConstraints() throws Exception {
    var limits =
        new NameConstraints(
            List.of(
                new NameConstraints.Subtree(NameConstraints.Kind.DNS, "example.com"),
                new NameConstraints.Subtree(NameConstraints.Kind.IP, "192.0.2.0/24")),
            List.of(new NameConstraints.Subtree(NameConstraints.Kind.DNS, "secret.example.com")));
    CertificateAuthority limited =
        pki.root.createIssuing(
            "limited",
            KeyAlgorithm.EC_P256,
            CertificateProfile.ISSUING.withNameConstraints(limits));
    openssl.write("limited.crt", Pem.encode(List.of(limited.certificate())));
    for (String good : List.of("a.example.com", "192.0.2.7")) {
      openssl.write("good.crt", server(limited, good));
      openssl.run(
          "verify", "-x509_strict", "-CAfile", "root.crt", "-untrusted", "limited.crt", "good.crt");
    }
    for (String bad : List.of("a.example.org", "x.secret.example.com", "198.51.100.1")) {
      openssl.write("bad.crt", server(limited, bad));
      String output =
          openssl.fail("verify", "-CAfile", "root.crt", "-untrusted", "limited.crt", "bad.crt");
      assertTrue(output.contains("subtree violation"), output);
    }
  }

  @Test
  void readsOurRequestsAndWeItsOwn() throws Exception {
    var keys = KeyAlgorithm.EC_P256.generate(pki.random);
    var names =
        new SubjectNames(
            "dev-1",
            List.of("Plant"),
            List.of("dev-1.example.com"),
            List.of("192.0.2.1"),
            List.of(),
            List.of());
    openssl.write("ours.csr", CertificateSigningRequest.create(keys, names, pki.random).toPem());
    String text = openssl.run("req", "-verify", "-noout", "-text", "-in", "ours.csr");
    assertTrue(text.contains("DNS:dev-1.example.com, IP Address:192.0.2.1"), text);

    openssl.run(
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        "its.key",
        "-out",
        "its.csr",
        "-subj",
        "/OU=Plant 4/CN=dev-2",
        "-addext",
        "subjectAltName=DNS:dev-2.example.com,URI:spiffe://example.com/dev/2");
    CertificateSigningRequest its = CertificateSigningRequest.read(folder.resolve("its.csr"));
    assertEquals("dev-2", its.names().commonName());
    assertEquals(List.of("spiffe://example.com/dev/2"), its.names().uris());
    var key = Pem.readPrivateKey(folder.resolve("its.key"));
    assertTrue(PrivateKeys.belongTogether(key, its.publicKey(), pki.random));
  }

  @Test
  void refusesItsRequestOnAnotherCurve() throws Exception {
    openssl.run(
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:secp256k1",
        "-nodes",
        "-keyout",
        "k.key",
        "-out",
        "k.csr",
        "-subj",
        "/CN=dev-2");
    Refusals.assertRefused(
        "EC on the curve 1.3.132.0.10",
        () -> CertificateSigningRequest.read(folder.resolve("k.csr")));
  }

  @Test
  void readsKeysInItsOldFormats() throws Exception {
    openssl.run("ecparam", "-name", "prime256v1", "-genkey", "-out", "ec.key");
    assertTrue(openssl.readText("ec.key").contains("BEGIN EC PRIVATE KEY"));
    assertEquals("EC", Pem.readPrivateKey(folder.resolve("ec.key")).getAlgorithm());
    openssl.run("genrsa", "-traditional", "-out", "rsa.key", "2048");
    assertTrue(openssl.readText("rsa.key").contains("BEGIN RSA PRIVATE KEY"));
    assertEquals("RSA", Pem.readPrivateKey(folder.resolve("rsa.key")).getAlgorithm());
    openssl.run(
        "genrsa",
        "-traditional",
        "-aes128",
        "-passout",
        "pass:password",
        "-out",
        "old.key",
        "2048");
    Refusals.assertRefused(
        "OpenSSL's old format", () -> Pem.readPrivateKey(folder.resolve("old.key")));
  }

  @Test
  void opensOurEncryptedKeysAndWeItsOwn() throws Exception {
    Passphrase passphrase = Passphrase.of("correct horse");
    openssl.write("ours.key", Pem.encode(pki.issuing.key(), passphrase, pki.random));
    openssl.run("pkey", "-in", "ours.key", "-passin", "pass:correct horse", "-check", "-noout");
    openssl.fail("pkey", "-in", "ours.key", "-passin", "pass:wrong horse", "-noout");

    openssl.write("plain.key", Pem.encode(pki.issuing.key()));
    for (String cipher : List.of("aes-256-cbc", "aes-128-cbc")) {
      openssl.run(
          "pkcs8",
          "-topk8",
          "-in",
          "plain.key",
          "-v2",
          cipher,
          "-passout",
          "pass:correct horse",
          "-out",
          "its.key");
      var key = Pem.readPrivateKey(folder.resolve("its.key"), Optional.of(passphrase));
      assertTrue(
          PrivateKeys.belongTogether(key, pki.issuing.certificate().getPublicKey(), pki.random),
          cipher);
    }
    openssl.run(
        "pkcs8",
        "-topk8",
        "-in",
        "plain.key",
        "-scrypt",
        "-passout",
        "pass:correct horse",
        "-out",
        "scrypt.key");
    Refusals.assertRefused(
        "another method than PBKDF2",
        () -> Pem.readPrivateKey(folder.resolve("scrypt.key"), Optional.of(passphrase)));
  }

  @Test
  void actsAsOfflineRoot() throws Exception {
    AuthorityFiles files = AuthorityFiles.in(folder, "plant");
    Optional<Passphrase> passphrase = Optional.of(Passphrase.of("correct horse"));
    files.writeNewRequest("plant issuing", KeyAlgorithm.EC_P256, passphrase, pki.random);
    openssl.write(
        "ca.ext",
        "basicConstraints=critical,CA:true,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n");
    openssl.run(
        "x509",
        "-req",
        "-in",
        "plant.csr",
        "-CA",
        "root.crt",
        "-CAkey",
        "root.key",
        "-CAcreateserial",
        "-days",
        "100",
        "-extfile",
        "ca.ext",
        "-out",
        "signed.crt");
    pki.clock.advance(Duration.ofMinutes(1)); // openssl's certificate begins now
    CertificateAuthority installed =
        files.install(
            List.of(
                Pem.readCertificates(folder.resolve("signed.crt")).getFirst(),
                pki.root.certificate()),
            passphrase,
            pki.clock,
            pki.random);
    var device =
        installed.issue(
            KeyAlgorithm.EC_P256.generate(pki.random).getPublic(),
            SubjectNames.ofCommonName("d"),
            CertificateProfile.DEVICE);
    openssl.write("d.crt", Pem.encode(List.of(device)));
    openssl.run("verify", "-CAfile", "root.crt", "-untrusted", "signed.crt", "d.crt");
  }

  @Test
  void listsOurBundles() throws Exception {
    openssl.write("bundle.p7", CertificateBundle.encode(pki.issuing.chain()));
    String text =
        openssl.run("pkcs7", "-inform", "DER", "-in", "bundle.p7", "-print_certs", "-noout");
    assertTrue(text.contains("CN = today issuing") && text.contains("CN = today root"), text);
    openssl.run(
        "crl2pkcs7", "-nocrl", "-certfile", "root.crt", "-outform", "DER", "-out", "its.p7");
    assertEquals(pki.root.chain(), CertificateBundle.parse(openssl.read("its.p7"), "its.p7"));
  }

  private String server(CertificateAuthority authority, String host) throws PkiException {
    var keys = KeyAlgorithm.EC_P256.generate(pki.random);
    var names = SubjectNames.ofServer(List.of(host));
    var certificate =
        authority.issue(
            keys.getPublic(),
            new SubjectNames(
                "", List.of(), names.dnsNames(), names.ipAddresses(), List.of(), List.of()),
            CertificateProfile.SERVER);
    return Pem.encode(List.of(certificate));
  }
}
