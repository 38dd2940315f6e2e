package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real handshakes in memory with the objects that {@link TlsContexts} builds. */
class TlsTest {
  private static final String ECDSA = "ecdsa_secp256r1_sha256";
  private static final String RSA = "rsa_pss_rsae_sha256";

  private TestPki pki;
  private InMemoryKeyManager keys;
  private SSLContext server;

  @BeforeEach
  void makeServer() throws PkiException {
    pki = TestPki.ofToday();
    keys =
        new InMemoryKeyManager(
            List.of(
                pki.server("localhost", "127.0.0.1"),
                pki.server("a.example.com"),
                pki.server("*.wild.example.com")));
    CertificateVerifier verifier = new CertificateVerifier(List.of(pki.trusted("plant")));
    server = TlsContexts.server(keys, new ClientTrust(() -> verifier, pki.clock));
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void clientAndServerKnowEachOther(String protocol) throws Exception {
    MemoryHandshake done = handshake(protocol, Optional.of(pki.device("dev-1")), "localhost");
    assertEquals("CN=localhost", done.serverSubject());
    assertEquals("CN=dev-1", done.clientSubject());
  }

  @Test
  void serverNameSelectsTheCertificate() throws Exception {
    Optional<TlsIdentity> device = Optional.of(pki.device("dev-1"));
    assertEquals("CN=a.example.com", handshake("TLSv1.3", device, "a.example.com").serverSubject());
    assertEquals(
        "CN=*.wild.example.com",
        handshake("TLSv1.2", device, "b.wild.example.com").serverSubject());
  }

  @Test
  void unknownServerNameGetsTheDefaultWhichTheClientRefuses() throws Exception {
    Optional<TlsIdentity> device = Optional.of(pki.device("dev-1"));
    assertThrows(SSLException.class, () -> handshake("TLSv1.3", device, "elsewhere.example.com"));
  }

  @Test
  void replacedCertificateServesTheNextHandshake() throws Exception {
    Optional<TlsIdentity> device = Optional.of(pki.device("dev-1"));
    handshake("TLSv1.3", device, "localhost");
    String alias = Objects.requireNonNull(keys.chooseEngineServerAlias("EC", null, null));
    keys.replace(List.of(pki.server("c.example.com")));
    assertTrue(keys.getPrivateKey(alias) != null, "a handshake that chose the old one can end");
    assertEquals("CN=c.example.com", handshake("TLSv1.3", device, "c.example.com").serverSubject());
    keys.replace(List.of(pki.server("d.example.com")));
    assertEquals(null, keys.getPrivateKey(alias));
  }

  /** The client would rather have a key of the other type. */
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void aNameHasItsOwnCertificateWhateverTypesOfKeysTheOthersHave(String protocol) throws Exception {
    keys.replace(List.of(pki.server("a.example.com"), rsaServer("b.example.com")));
    assertEquals("CN=a.example.com", serverOf(protocol, "a.example.com", ECDSA, RSA));
    assertEquals("CN=a.example.com", serverOf(protocol, "a.example.com", RSA, ECDSA));
    assertEquals("CN=b.example.com", serverOf(protocol, "b.example.com", ECDSA, RSA));

    keys.replace(List.of(rsaServer("a.example.com"), pki.server("b.example.com")));
    assertEquals("CN=a.example.com", serverOf(protocol, "a.example.com", ECDSA, RSA));
    assertEquals("CN=b.example.com", serverOf(protocol, "b.example.com", ECDSA, RSA));
    assertEquals("CN=b.example.com", serverOf(protocol, "b.example.com", RSA, ECDSA));
  }

  @Test
  void anUnknownNameHasTheFirstCertificateWhateverTypesOfKeysTheOthersHave() throws Exception {
    keys.replace(List.of(rsaServer("localhost"), pki.server("b.example.com")));
    assertEquals(null, keys.chooseEngineServerAlias("EC", null, null));
    assertEquals(keys.identities().getFirst().key(), key(keys, "RSA"));
  }

  /** The limits of names and the one common name are for strangers. */
  @Test
  void aServersCertificateMayHaveManyNamesAndTwoCommonNames() throws Exception {
    keys.replace(List.of(pki.server("localhost"), serverOfManyNames(150)));
    assertEquals("CN=second,CN=first", handshakeOf("host149.example.com"));
    assertEquals("CN=localhost", handshakeOf("localhost"));
  }

  private String handshakeOf(String host) throws Exception {
    return handshake("TLSv1.3", Optional.of(pki.device("dev-1")), host).serverSubject();
  }

  private TlsIdentity serverOfManyNames(int count) throws Exception {
    GeneralName[] names =
        IntStream.range(0, count)
            .mapToObj(i -> new GeneralName(GeneralName.dNSName, "Host" + i + ".example.com"))
            .toArray(GeneralName[]::new);
    TlsIdentity plain = pki.server("localhost");
    X509Certificate like = plain.certificate();
    var builder =
        new X509v3CertificateBuilder(
                pki.issuing.issuer().name(),
                BigInteger.TEN,
                like.getNotBefore(),
                like.getNotAfter(),
                new X500Name("CN=first,CN=second"),
                SubjectPublicKeyInfo.getInstance(like.getPublicKey().getEncoded()))
            .addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
    byte[] signed = builder.build(pki.issuing.issuer().signer(pki.random)).getEncoded();
    List<X509Certificate> chain = new ArrayList<>(plain.chain());
    chain.set(0, Certificates.parse(signed, "many"));
    return new TlsIdentity(plain.key(), chain);
  }

  /** The subject of the certificate that a client with these signature schemes is shown. */
  private String serverOf(String protocol, String host, String... schemes) throws Exception {
    SSLContext client =
        TlsContexts.client(List.of(pki.root.certificate()), Optional.of(pki.device("dev-1")));
    return new MemoryHandshake(client, server, protocol, host)
        .signedBy(schemes)
        .run()
        .serverSubject();
  }

  private TlsIdentity rsaServer(String host) throws PkiException {
    var rsa = KeyAlgorithm.RSA_2048.generate(pki.random);
    X509Certificate certificate =
        pki.issuing.issue(
            rsa.getPublic(), SubjectNames.ofServer(List.of(host)), CertificateProfile.SERVER);
    return new TlsIdentity(rsa.getPrivate(), pki.issuing.presentedChainOf(certificate));
  }

  @Test
  void keyTypeSelectsAmongCertificatesOfOneName() throws Exception {
    TlsIdentity rsaIdentity = rsaServer("localhost");
    TlsIdentity ecIdentity = pki.server("localhost");
    InMemoryKeyManager both = new InMemoryKeyManager(List.of(ecIdentity, rsaIdentity));
    assertEquals(rsaIdentity.key(), key(both, "RSA"));
    assertEquals(ecIdentity.key(), key(both, "EC"));
    assertEquals(null, both.chooseEngineServerAlias("EdDSA", null, null));
  }

  @Test
  void foreignClientIsRefusedInTheHandshake() throws Exception {
    TlsIdentity foreign = new TestPki("foreign", KeyAlgorithm.EC_P256).device("dev-1");
    // A polite client sends nothing if no accepted issuer fits; this one sends its certificate
    // whatever the server says.
    SSLException e =
        assertThrows(
            SSLException.class, () -> handshake("TLSv1.3", Optional.of(foreign), "localhost"));
    assertTrue(e.toString().contains("UNKNOWN_CA"), e.toString());
  }

  private static @Nullable PrivateKey key(InMemoryKeyManager keys, String type) {
    return keys.getPrivateKey(
        Objects.requireNonNull(keys.chooseEngineServerAlias(type, null, null)));
  }

  private MemoryHandshake handshake(String protocol, Optional<TlsIdentity> identity, String host)
      throws SSLException {
    SSLContext client = TlsContexts.client(List.of(pki.root.certificate()), identity);
    return new MemoryHandshake(client, server, protocol, host).run();
  }
}
