package io.signalbox.pki;

import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * A bounded memory of OCSP answers as a source of revocations. Somebody else fetches them and
 * {@link #put}s them here, before they end. Safe for many threads.
 */
public final class OcspAnswers implements RevocationCheck {
  private final int answersMax;

  /** Those that say revoked; the oldest put first. */
  private final SequencedMap<Key, Remembered> revoked = new LinkedHashMap<>();

  /** All others, in the same way. Both are guarded by this object. */
  private final SequencedMap<Key, Remembered> others = new LinkedHashMap<>();

  /**
   * @param putAt when there was last an answer, even one that changed nothing
   */
  private record Remembered(OcspAnswer answer, Instant putAt) {
    boolean isRevoked() {
      return answer.status() instanceof RevocationStatus.Revoked;
    }

    boolean isOnHold() {
      return answer.status() instanceof RevocationStatus.Revoked(_, RevocationReason reason)
          && !reason.isFinal();
    }

    /**
     * Who was revoked stays it. Who is on hold is released by a younger answer that says good, not
     * by one that tells nothing, nor by an old one served again.
     */
    Remembered then(OcspAnswer next, Instant at) {
      boolean replaces =
          switch (next.status()) {
            case RevocationStatus.Revoked(_, RevocationReason reason) ->
                !isRevoked()
                    || (isOnHold()
                        && (reason.isFinal() || !next.thisUpdate().isBefore(answer.thisUpdate())));
            case RevocationStatus.Good _ ->
                !isRevoked() || (isOnHold() && next.thisUpdate().isAfter(answer.thisUpdate()));
            case RevocationStatus.Unknown _ -> !isRevoked();
          };
      return new Remembered(replaces ? next : answer, at);
    }
  }

  /**
   * By the certificate's fingerprint and what stands for its issuer in a question too: an authority
   * whose certificate was made anew for the same key is the same one.
   */
  private record Key(String certificate, X500Principal issuer, PublicKey issuerKey) {
    static Key of(X509Certificate certificate, X509Certificate issuer) {
      return new Key(
          Certificates.fingerprint(certificate),
          issuer.getSubjectX500Principal(),
          issuer.getPublicKey());
    }
  }

  /**
   * An empty memory.
   *
   * @param answersMax at least 1; the answer that was put longest ago makes room, one that says
   *     revoked only where there are no others
   */
  public OcspAnswers(int answersMax) {
    if (answersMax < 1) {
      throw new IllegalArgumentException("a memory for " + answersMax + " answers holds none");
    }
    this.answersMax = answersMax;
  }

  /**
   * Remembers an answer in place of the one before it, unless that said revoked: a revocation is
   * for ever, but {@link RevocationReason#CERTIFICATE_HOLD} is until a younger answer says good.
   *
   * @param at now
   */
  public void put(
      X509Certificate certificate, X509Certificate issuer, OcspAnswer answer, Instant at) {
    Key key = Key.of(certificate, issuer);
    synchronized (this) {
      Remembered before = find(key);
      Remembered after = before == null ? new Remembered(answer, at) : before.then(answer, at);
      revoked.remove(key);
      others.remove(key);
      (after.isRevoked() ? revoked : others).putLast(key, after);
      if (size() > answersMax) {
        boolean hasOthers = others.size() > (after.isRevoked() ? 0 : 1);
        (hasOthers ? others : revoked).pollFirstEntry();
      }
    }
  }

  @Override
  public RevocationStatus status(X509Certificate certificate, X509Certificate issuer, Instant at) {
    Remembered remembered = find(certificate, issuer);
    if (remembered == null) {
      return new RevocationStatus.Unknown("no OCSP answer was fetched yet");
    }
    OcspAnswer answer = remembered.answer;
    if (remembered.isRevoked() || at.isBefore(answer.validUntil())) {
      return answer.status(); // who was revoked stays it, however old the answer
    }
    return new RevocationStatus.Unknown("the OCSP answer ended at " + answer.validUntil());
  }

  /**
   * Whether the certificate is on hold by an answer so old that it is worth asking again; until
   * there is another one it stays revoked.
   *
   * @param age from which on, if the answer does not end sooner
   */
  public boolean mayBeReleased(
      X509Certificate certificate, X509Certificate issuer, Instant at, Duration age) {
    Remembered remembered = find(certificate, issuer);
    return remembered != null
        && remembered.isOnHold()
        && (!at.isBefore(remembered.answer.validUntil())
            || !at.isBefore(remembered.putAt.plus(age))
            || at.isBefore(remembered.putAt)); // the clock was set back
  }

  private @Nullable Remembered find(X509Certificate certificate, X509Certificate issuer) {
    Key key = Key.of(certificate, issuer);
    synchronized (this) {
      return find(key);
    }
  }

  private @Nullable Remembered find(Key key) {
    Remembered found = revoked.get(key);
    return found != null ? found : others.get(key);
  }

  /** How many answers are remembered. */
  public synchronized int size() {
    return revoked.size() + others.size();
  }
}
