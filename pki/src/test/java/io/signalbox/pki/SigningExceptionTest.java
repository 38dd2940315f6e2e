package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigInteger;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.Security;
import java.security.SignatureException;
import java.security.SignatureSpi;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.OCSPReqBuilder;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An authority's key that is away, each time another part of the signature notices. */
class SigningExceptionTest {
  private static final Provider TOKEN = new AwayProvider();

  private final TestPki pki;
  private final List<SigningException> told = new ArrayList<>();

  SigningExceptionTest() throws PkiException {
    pki = new TestPki();
  }

  /** When the token turns out to be away. */
  enum When {
    AT_THE_BEGINNING,
    WITH_THE_CONTENT,
    AT_THE_END,
    BEFORE_IT_IS_FOUND
  }

  /** A key that never leaves a token that has been pulled out. */
  record AwayKey(When when) implements PrivateKey {
    @Override
    public String getAlgorithm() {
      return "EC";
    }

    @Override
    @SuppressWarnings("NullAway") // what a key on a token says
    public String getFormat() {
      return null;
    }

    @Override
    @SuppressWarnings("NullAway")
    public byte[] getEncoded() {
      return null;
    }
  }

  private static final class AwayProvider extends Provider {
    private static final long serialVersionUID = 1;

    AwayProvider() {
      super("AwayToken", "1", "signs with nothing");
      putService(
          new Service(
              this,
              "Signature",
              "SHA256withECDSA",
              AwaySignature.class.getName(),
              List.of(),
              Map.of("SupportedKeyClasses", AwayKey.class.getName())) {
            @Override
            public Object newInstance(Object parameter) {
              return new AwaySignature();
            }

            @Override
            public boolean supportsParameter(Object parameter) {
              return parameter instanceof AwayKey key && key.when != When.BEFORE_IT_IS_FOUND;
            }
          });
    }
  }

  private static final class AwaySignature extends SignatureSpi {
    private When when = When.AT_THE_BEGINNING;

    @Override
    protected void engineInitSign(PrivateKey key) {
      when = ((AwayKey) key).when;
      if (when == When.AT_THE_BEGINNING) {
        throw new ProviderException("Initialization failed", new Exception("CKR_DEVICE_REMOVED"));
      }
    }

    @Override
    protected void engineUpdate(byte b) throws SignatureException {
      engineUpdate(new byte[] {b}, 0, 1);
    }

    @Override
    protected void engineUpdate(byte[] content, int offset, int length) throws SignatureException {
      if (when == When.WITH_THE_CONTENT) {
        throw new SignatureException("update", new Exception("CKR_DEVICE_REMOVED"));
      }
    }

    @Override
    protected byte[] engineSign() throws SignatureException {
      throw new SignatureException("sign", new Exception("CKR_DEVICE_REMOVED"));
    }

    @Override
    protected void engineInitVerify(PublicKey key) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected boolean engineVerify(byte[] signature) {
      throw new UnsupportedOperationException();
    }

    @Override
    @Deprecated
    protected void engineSetParameter(String name, Object value) {
      throw new UnsupportedOperationException();
    }

    @Override
    @Deprecated
    protected Object engineGetParameter(String name) {
      throw new UnsupportedOperationException();
    }
  }

  @BeforeAll
  static void plugIn() {
    Security.addProvider(TOKEN);
  }

  @AfterAll
  static void pullOut() {
    Security.removeProvider(TOKEN.getName());
  }

  private CertificateAuthority authority(When when) throws PkiException {
    return CertificateAuthority.ofVerified(
            new AwayKey(when), pki.issuing.chain(), pki.clock, pki.random)
        .telling(told::add);
  }

  private void assertTold(When when, SigningException failure) {
    assertEquals(List.of(failure), told);
    if (when != When.BEFORE_IT_IS_FOUND) {
      assertEquals("the private key did not sign: CKR_DEVICE_REMOVED", failure.getMessage());
    }
  }

  @ParameterizedTest
  @EnumSource
  void noCertificateIsIssued(When when) throws Exception {
    CertificateAuthority authority = authority(when);
    var failure =
        assertThrows(
            SigningException.class,
            () ->
                authority.issue(
                    KeyAlgorithm.EC_P256.generate(pki.random).getPublic(),
                    SubjectNames.ofCommonName("pump"),
                    CertificateProfile.DEVICE));
    assertTold(when, failure);
  }

  @ParameterizedTest
  @EnumSource
  void noRevocationListIsIssued(When when) throws Exception {
    CertificateAuthority authority = authority(when);
    var failure =
        assertThrows(
            SigningException.class,
            () -> RevocationList.issue(authority, BigInteger.ONE, List.of(), Duration.ofDays(1)));
    assertTold(when, failure);
  }

  @ParameterizedTest
  @EnumSource
  void whoAsksByOcspIsToldToTryLater(When when) throws Exception {
    CertificateAuthority authority = authority(when);
    byte[] answer =
        answer(OcspAuthority.signingItself(authority, _ -> new RevocationStatus.Good()), authority);
    assertEquals(OCSPRespBuilder.TRY_LATER, new OCSPResp(answer).getStatus());
    assertEquals(1, told.size());
  }

  @ParameterizedTest
  @EnumSource(names = "AT_THE_END")
  void whoAsksAboutAnAuthorityWithoutItsKeyIsToldToTryLater(When when) throws Exception {
    CertificateAuthority authority = authority(when);
    byte[] answer = answer(OcspAuthority.withoutKey(authority.certificate()), authority);
    assertEquals(OCSPRespBuilder.TRY_LATER, new OCSPResp(answer).getStatus());
    assertEquals(List.of(), told);
  }

  private byte[] answer(OcspAuthority source, CertificateAuthority authority) throws Exception {
    var digests = Digests.provider();
    byte[] question =
        new OCSPReqBuilder()
            .addRequest(
                new CertificateID(
                    digests.get(CertificateID.HASH_SHA1),
                    Certificates.holder(authority.certificate()),
                    BigInteger.TEN))
            .build()
            .getEncoded();
    return new OcspResponder(List.of(source), Duration.ofHours(1), pki.clock, pki.random)
        .answer(question);
  }
}
