package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.signalbox.pki.openssl.OpenSslProvider;
import io.signalbox.pki.openssl.OpenSslProvider.UnavailableException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Security;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.NamedParameterSpec;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.KeyAgreement;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Handshakes with OpenSSL's curves in front of the JDK's. */
class NativeTlsTest {
  private final AtomicInteger verifications = new AtomicInteger();

  @BeforeAll
  static void install() {
    try {
      OpenSslProvider.load().install();
    } catch (UnavailableException e) {
      abort("no OpenSSL here: " + e.getMessage());
    }
  }

  @AfterAll
  static void remove() {
    Security.removeProvider(OpenSslProvider.NAME);
  }

  @ParameterizedTest
  @CsvSource({
    "EC_P256, x25519, TLSv1.3",
    "EC_P256, secp256r1, TLSv1.3",
    "EC_P256, secp384r1, TLSv1.3",
    "EC_P256, x448, TLSv1.3",
    "EC_P256, ffdhe2048, TLSv1.3",
    "EC_P384, secp521r1, TLSv1.3",
    "RSA_2048, x25519, TLSv1.3",
    "ED25519, x25519, TLSv1.3",
    "EC_P256, secp256r1, TLSv1.2",
    "EC_P384, secp384r1, TLSv1.2",
    "RSA_2048, x25519, TLSv1.2",
    "RSA_2048, secp521r1, TLSv1.2",
  })
  void clientAndServerKnowEachOther(KeyAlgorithm algorithm, String group, String protocol)
      throws Exception {
    TestPki pki = new TestPki("of " + algorithm, algorithm, java.time.Instant.now());
    KeyPair serverKeys = algorithm.generate(pki.random);
    SSLContext server =
        server(
            pki,
            new TlsIdentity(
                serverKeys.getPrivate(),
                pki.issuing.presentedChainOf(
                    pki.issuing.issue(
                        serverKeys.getPublic(),
                        SubjectNames.ofServer(List.of("localhost")),
                        CertificateProfile.SERVER))));
    KeyPair deviceKeys = algorithm.generate(pki.random);
    X509Certificate device =
        pki.issuing.issue(
            deviceKeys.getPublic(), SubjectNames.ofCommonName("dev-1"), CertificateProfile.DEVICE);
    SSLContext client =
        TlsContexts.client(
            List.of(pki.root.certificate()),
            Optional.of(
                new TlsIdentity(deviceKeys.getPrivate(), pki.issuing.presentedChainOf(device))));
    MemoryHandshake done =
        new MemoryHandshake(client, server, protocol, "localhost").in(group).run();
    assertEquals("CN=localhost", done.serverSubject());
    assertEquals("CN=dev-1", done.clientSubject());
  }

  @Test
  void resumedSessionHasTheCertificateThatWasVerifiedBefore() throws Exception {
    TestPki pki = TestPki.ofToday();
    SSLContext server = server(pki, pki.server("localhost"));
    SSLContext client =
        TlsContexts.client(List.of(pki.root.certificate()), Optional.of(pki.device("dev-1")));
    assertEquals(
        "CN=dev-1",
        new MemoryHandshake(client, server, "TLSv1.3", "localhost").run().clientSubject());
    int first = verifications.getAndSet(0);
    assertTrue(first > 0);
    for (int i = 0; i < 2; i++) {
      MemoryHandshake done = new MemoryHandshake(client, server, "TLSv1.3", "localhost").run();
      assertEquals("CN=dev-1", done.clientSubject());
    }
    assertEquals(0, verifications.get(), "the second and third are resumed");
  }

  /** The client shows a certificate whose key it does not have. */
  @Test
  void clientWithoutTheKeyOfItsCertificateIsRefused() throws Exception {
    TestPki pki = TestPki.ofToday();
    SSLContext server = server(pki, pki.server("localhost"));
    TlsIdentity device = pki.device("dev-1");
    TlsIdentity thief =
        new TlsIdentity(KeyAlgorithm.EC_P256.generate(pki.random).getPrivate(), device.chain());
    SSLContext client = TlsContexts.client(List.of(pki.root.certificate()), Optional.of(thief));
    SSLException e =
        assertThrows(
            SSLException.class,
            () -> new MemoryHandshake(client, server, "TLSv1.3", "localhost").run());
    assertTrue(e.toString().contains("signature"), e.toString());
  }

  @Test
  void tlsGetsItsOperationsFromHere() throws Exception {
    KeyPair keys = KeyAlgorithm.EC_P256.generate(new java.security.SecureRandom());
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(keys.getPrivate());
    assertEquals(OpenSslProvider.NAME, signature.getProvider().getName());
    signature = Signature.getInstance("SHA256withECDSA");
    signature.initVerify(keys.getPublic());
    assertEquals(OpenSslProvider.NAME, signature.getProvider().getName());
    KeyAgreement ecdh = KeyAgreement.getInstance("ECDH");
    ecdh.init(keys.getPrivate());
    assertEquals(OpenSslProvider.NAME, ecdh.getProvider().getName());
    KeyPairGenerator pairs = KeyPairGenerator.getInstance("XDH");
    pairs.initialize(NamedParameterSpec.X25519);
    assertEquals(OpenSslProvider.NAME, pairs.getProvider().getName());
    KeyAgreement xdh = KeyAgreement.getInstance("XDH");
    xdh.init(pairs.generateKeyPair().getPrivate());
    assertEquals(OpenSslProvider.NAME, xdh.getProvider().getName());
  }

  private SSLContext server(TestPki pki, TlsIdentity identity) {
    CertificateVerifier verifier = new CertificateVerifier(List.of(pki.trusted("plant")));
    return TlsContexts.server(
        new InMemoryKeyManager(List.of(identity)),
        new ClientTrust(
            () -> {
              verifications.incrementAndGet();
              return verifier;
            },
            pki.clock));
  }
}
