package io.signalbox.pki;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * A bounded memory of OCSP answers as a source of revocations. Somebody else fetches them and
 * {@link #put}s them here, before they end. Safe for many threads.
 */
public final class OcspAnswers implements RevocationCheck {
  private final int answersMax;

  /** Guarded by itself; the oldest put first. */
  private final SequencedMap<Key, OcspAnswer> answers = new LinkedHashMap<>();

  /** By the certificates' fingerprints: a serial number means nothing without its issuer's key. */
  private record Key(String certificate, String issuer) {
    static Key of(X509Certificate certificate, X509Certificate issuer) {
      return new Key(Certificates.fingerprint(certificate), Certificates.fingerprint(issuer));
    }
  }

  /**
   * An empty memory.
   *
   * @param answersMax at least 1; the answer that was put longest ago makes room
   */
  public OcspAnswers(int answersMax) {
    if (answersMax < 1) {
      throw new IllegalArgumentException("a memory for " + answersMax + " answers holds none");
    }
    this.answersMax = answersMax;
  }

  /** Remembers an answer in place of the one before it. */
  public void put(X509Certificate certificate, X509Certificate issuer, OcspAnswer answer) {
    synchronized (answers) {
      answers.putLast(Key.of(certificate, issuer), answer);
      if (answers.size() > answersMax) {
        answers.pollFirstEntry();
      }
    }
  }

  @Override
  public RevocationStatus status(X509Certificate certificate, X509Certificate issuer, Instant at) {
    OcspAnswer answer;
    synchronized (answers) {
      answer = answers.get(Key.of(certificate, issuer));
    }
    if (answer == null) {
      return new RevocationStatus.Unknown("no OCSP answer was fetched yet");
    }
    if (answer.status() instanceof RevocationStatus.Revoked || at.isBefore(answer.validUntil())) {
      return answer.status(); // who was revoked stays it, however old the answer
    }
    return new RevocationStatus.Unknown("the OCSP answer ended at " + answer.validUntil());
  }

  /** How many answers are remembered. */
  public int size() {
    synchronized (answers) {
      return answers.size();
    }
  }
}
