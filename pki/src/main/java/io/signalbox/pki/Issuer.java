package io.signalbox.pki;

import java.security.PrivateKey;
import java.security.ProviderException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.function.Consumer;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;

/**
 * Who signs: the name and key identifier that go into what is signed, and the key.
 *
 * @param name byte for byte as in the issuer's own certificate, where paths compare it
 * @param alternative signs certificates a second time
 * @param failed told each time the key does not sign; quick, any thread
 */
record Issuer(
    X500Name name,
    byte[] keyIdentifier,
    PrivateKey key,
    KeyAlgorithm algorithm,
    Optional<AlternativeKey> alternative,
    Consumer<SigningException> failed) {

  Issuer(
      X500Name name,
      byte[] keyIdentifier,
      PrivateKey key,
      KeyAlgorithm algorithm,
      Optional<AlternativeKey> alternative) {
    this(name, keyIdentifier, key, algorithm, alternative, _ -> {});
  }

  static Issuer of(PrivateKey key, KeyAlgorithm algorithm, X509Certificate certificate) {
    X500Name name = X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
    return new Issuer(
        name, CertificateDraft.keyIdentifier(certificate), key, algorithm, Optional.empty());
  }

  Issuer withAlternative(AlternativeKey second) {
    return new Issuer(name, keyIdentifier, key, algorithm, Optional.of(second), failed);
  }

  Issuer telling(Consumer<SigningException> listener) {
    return new Issuer(name, keyIdentifier, key, algorithm, alternative, listener);
  }

  X509CertificateHolder sign(X509v3CertificateBuilder builder, SecureRandom random)
      throws SigningException {
    if (alternative.isEmpty()) {
      return sign(random, builder::build);
    }
    AlternativeKey second = alternative.get();
    return sign(
        random,
        signer ->
            builder.build(
                signer,
                false,
                Signing.signer(second.keys().getPrivate(), second.algorithm(), random)));
  }

  /**
   * Builds something with the key's signature.
   *
   * @param <T> what is built
   * @param <E> how building may fail besides
   */
  @FunctionalInterface
  interface Build<T, E extends Exception> {
    T with(ContentSigner signer) throws E;
  }

  <T, E extends Exception> T sign(SecureRandom random, Build<T, E> build)
      throws E, SigningException {
    WatchedSigner signer = watched(random);
    try {
      return build.with(signer);
    } catch (Exception e) {
      Exception failure = signer.failure();
      if (failure != null) {
        throw told(failure);
      }
      throw e;
    }
  }

  private WatchedSigner watched(SecureRandom random) throws SigningException {
    try {
      return new WatchedSigner(signer(random));
    } catch (IllegalStateException | ProviderException e) {
      throw told(e);
    }
  }

  private SigningException told(Exception why) {
    var failure = new SigningException(why);
    failed.accept(failure);
    return failure;
  }

  ContentSigner signer(SecureRandom random) {
    return Signing.signer(key, algorithm, random);
  }
}
