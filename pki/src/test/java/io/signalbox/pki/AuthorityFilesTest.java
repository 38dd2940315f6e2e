package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.EncryptedPrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.EncryptionScheme;
import org.bouncycastle.asn1.pkcs.KeyDerivationFunc;
import org.bouncycastle.asn1.pkcs.PBES2Parameters;
import org.bouncycastle.asn1.pkcs.PBKDF2Params;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuthorityFilesTest {
  private TestPki pki;
  private AuthorityFiles files;

  @TempDir private Path folder;

  @BeforeEach
  void makeFiles() throws PkiException {
    pki = new TestPki();
    files = AuthorityFiles.in(folder.resolve("authorities"), "plant");
  }

  @Test
  void keepsAnAuthorityWithAndWithoutPassphrase() throws Exception {
    Optional<Passphrase> passphrase = Optional.of(Passphrase.of("correct horse"));
    files.write(pki.issuing, passphrase);
    assertTrue(Files.readString(files.key()).startsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    assertEquals(
        "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(files.key())));
    assertEquals(pki.issuing.chain(), files.read(passphrase, pki.clock, pki.random).chain());
    Refusals.assertRefused(
        "is encrypted; give its passphrase",
        () -> files.read(Optional.empty(), pki.clock, pki.random));
    Optional<Passphrase> wrong = Optional.of(Passphrase.of("wrong horse"));
    Refusals.assertRefused(
        "the passphrase is wrong or the file is damaged",
        () -> files.read(wrong, pki.clock, pki.random));

    AuthorityFiles plain = AuthorityFiles.in(folder, "plain");
    plain.write(pki.issuing, Optional.empty());
    assertEquals(pki.issuing.chain(), plain.read(passphrase, pki.clock, pki.random).chain());
    Refusals.assertRefused("exists already", () -> plain.write(pki.issuing, Optional.empty()));
  }

  @Test
  void takesAnAuthorityFromAnOfflineRoot() throws Exception {
    CertificateSigningRequest request =
        files.writeNewRequest("plant issuing", KeyAlgorithm.EC_P384, Optional.empty(), pki.random);
    assertEquals("plant issuing", request.names().commonName());
    assertEquals(request.publicKey(), CertificateSigningRequest.read(files.request()).publicKey());
    var signed = pki.root.issue(request, CertificateProfile.ISSUING);
    CertificateAuthority installed =
        files.install(pki.root.chainOf(signed), Optional.empty(), pki.clock, pki.random);
    assertEquals(List.of(signed, pki.root.certificate()), installed.chain());
    assertFalse(Files.exists(files.request()));
    assertEquals(signed, files.read(Optional.empty(), pki.clock, pki.random).certificate());
  }

  @Test
  void installsNothingThatDoesNotFit() throws Exception {
    CertificateSigningRequest request =
        files.writeNewRequest("plant issuing", KeyAlgorithm.EC_P256, Optional.empty(), pki.random);
    var asDevice =
        pki.issuing.issue(
            request.publicKey(), SubjectNames.ofCommonName("device"), CertificateProfile.DEVICE);
    Refusals.assertRefused("may not sign certificates", () -> install(List.of(asDevice)));
    Refusals.assertRefused(
        "does not belong to the certificate", () -> install(pki.issuing.chain()));
    var signed = pki.root.issue(request, CertificateProfile.ISSUING);
    Refusals.assertRefused(
        "was not issued by", () -> install(List.of(signed, new TestPki().root.certificate())));
    pki.clock.advance(Duration.ofDays(30 * 365));
    Refusals.assertRefused("expired at", () -> install(pki.root.chainOf(signed)));
    assertFalse(Files.exists(files.certificate()), "nothing was written");
    assertTrue(Files.exists(files.request()), "and nothing deleted");
  }

  @Test
  void refusesKeysThatAskForEndlessWork() throws Exception {
    var hmac = new AlgorithmIdentifier(PKCSObjectIdentifiers.id_hmacWithSHA256, DERNull.INSTANCE);
    var parameters =
        new PBES2Parameters(
            new KeyDerivationFunc(
                PKCSObjectIdentifiers.id_PBKDF2,
                new PBKDF2Params(new byte[16], Integer.MAX_VALUE, hmac)),
            new EncryptionScheme(
                NISTObjectIdentifiers.id_aes256_CBC, new DEROctetString(new byte[16])));
    var info =
        new EncryptedPrivateKeyInfo(
            new AlgorithmIdentifier(PKCSObjectIdentifiers.id_PBES2, parameters), new byte[64]);
    String pem = PemBlock.encode("ENCRYPTED PRIVATE KEY", info.getEncoded());
    Optional<Passphrase> passphrase = Optional.of(Passphrase.of("correct horse"));
    Refusals.assertRefused(
        "asks for 2147483647 rounds", () -> Pem.parsePrivateKey(pem, passphrase, "key"));
  }

  @Test
  void passphrasesStaySecretAndLongEnough() throws Exception {
    assertEquals("***", Passphrase.of("correct horse").toString());
    Refusals.assertRefused(
        "fewer than 8 characters",
        () -> Pem.encode(pki.issuing.key(), Passphrase.of("short"), pki.random));
    Refusals.assertRefused("is empty", () -> Passphrase.of(""));
    Path file = Files.writeString(folder.resolve("passphrase"), "correct horse\nsecond line\n");
    assertEquals("correct horse", new String(Passphrase.ofFile(file).characters()));
    Refusals.assertRefused(
        "is not set", () -> Passphrase.ofEnvironment("SIGNALBOX_NO_SUCH_VARIABLE"));
  }

  private CertificateAuthority install(List<X509Certificate> chain) throws PkiException {
    return files.install(chain, Optional.empty(), pki.clock, pki.random);
  }
}
