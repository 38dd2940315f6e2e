package io.signalbox.pki;

import java.security.PublicKey;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * What an authority certifies: decided by the authority's owner, never by the request.
 *
 * @param name for messages and the registry
 * @param validity from the moment of issue; cut at the end of the issuing authority's own validity
 * @param keyAlgorithms allowed types and sizes of the certified key
 * @param keyUses what the key may do
 * @param purposes extended key usages; empty for none
 * @param names which names it may carry
 * @param pathLength for an authority how many authorities may follow below it, from 0; {@link
 *     #NO_AUTHORITY} otherwise
 * @param nameConstraints for an authority the names it may certify
 */
public record CertificateProfile(
    String name,
    Duration validity,
    Set<KeyAlgorithm> keyAlgorithms,
    Set<KeyUse> keyUses,
    Set<Purpose> purposes,
    NamePolicy names,
    int pathLength,
    NameConstraints nameConstraints) {

  /** The path length of a certificate that may not sign others. */
  public static final int NO_AUTHORITY = -1;

  private static final Set<KeyAlgorithm> ESTABLISHED =
      EnumSet.allOf(KeyAlgorithm.class).stream()
          .filter(a -> !a.experimental())
          .collect(Collectors.toUnmodifiableSet());
  private static final Set<KeyUse> END_ENTITY =
      Set.of(KeyUse.DIGITAL_SIGNATURE, KeyUse.KEY_ENCIPHERMENT, KeyUse.KEY_AGREEMENT);
  private static final Set<KeyUse> AUTHORITY =
      Set.of(KeyUse.DIGITAL_SIGNATURE, KeyUse.CERTIFICATE_SIGNING, KeyUse.CRL_SIGNING);

  /** A root: twenty years, one level of authorities below it. */
  public static final CertificateProfile ROOT =
      new CertificateProfile(
          "root",
          Duration.ofDays(20 * 365),
          ESTABLISHED,
          AUTHORITY,
          Set.of(),
          NamePolicy.ANYTHING,
          1);

  /** An issuing authority: ten years, nothing but end entities below it. */
  public static final CertificateProfile ISSUING =
      new CertificateProfile(
          "issuing",
          Duration.ofDays(10 * 365),
          ESTABLISHED,
          AUTHORITY,
          Set.of(),
          NamePolicy.ANYTHING,
          0);

  /** A device: two years, TLS client only, its id and no other name. */
  public static final CertificateProfile DEVICE =
      new CertificateProfile(
          "device",
          Duration.ofDays(2 * 365),
          ESTABLISHED,
          END_ENTITY,
          Set.of(Purpose.CLIENT_AUTH),
          NamePolicy.DEVICE,
          NO_AUTHORITY);

  /** A server: ninety days, TLS server only. */
  public static final CertificateProfile SERVER =
      new CertificateProfile(
          "server",
          Duration.ofDays(90),
          ESTABLISHED,
          END_ENTITY,
          Set.of(Purpose.SERVER_AUTH),
          NamePolicy.ANYTHING,
          NO_AUTHORITY);

  /**
   * An OCSP responder that signs for the authority above it: a month, so that nobody needs to ask
   * about the responder itself.
   */
  public static final CertificateProfile OCSP_RESPONDER =
      new CertificateProfile(
          "ocsp-responder",
          Duration.ofDays(30),
          ESTABLISHED,
          Set.of(KeyUse.DIGITAL_SIGNATURE),
          Set.of(Purpose.OCSP_SIGNING),
          NamePolicy.ANYTHING,
          NO_AUTHORITY);

  public CertificateProfile {
    keyAlgorithms = Set.copyOf(keyAlgorithms);
    keyUses = Set.copyOf(keyUses);
    purposes = Set.copyOf(purposes);
    if (!validity.isPositive()) {
      throw new IllegalArgumentException(
          "profile \"" + name + "\": the validity " + validity + " is not positive");
    }
    if (pathLength < NO_AUTHORITY) {
      throw new IllegalArgumentException(
          "profile \"" + name + "\": the path length " + pathLength + " is below 0");
    }
    if (pathLength == NO_AUTHORITY && !nameConstraints.isNone()) {
      throw new IllegalArgumentException(
          "profile \"" + name + "\": only an authority has name constraints");
    }
    if ((pathLength == NO_AUTHORITY) == keyUses.contains(KeyUse.CERTIFICATE_SIGNING)) {
      throw new IllegalArgumentException(
          "profile \"" + name + "\": certificate signing and a path length belong together");
    }
  }

  /** A profile without name constraints. */
  public CertificateProfile(
      String name,
      Duration validity,
      Set<KeyAlgorithm> keyAlgorithms,
      Set<KeyUse> keyUses,
      Set<Purpose> purposes,
      NamePolicy names,
      int pathLength) {
    this(name, validity, keyAlgorithms, keyUses, purposes, names, pathLength, NameConstraints.NONE);
  }

  /** The same rules for another time. */
  public CertificateProfile withValidity(Duration other) {
    return new CertificateProfile(
        name, other, keyAlgorithms, keyUses, purposes, names, pathLength, nameConstraints);
  }

  /** The same rules for other types of key. */
  public CertificateProfile withKeyAlgorithms(Set<KeyAlgorithm> others) {
    return new CertificateProfile(
        name, validity, others, keyUses, purposes, names, pathLength, nameConstraints);
  }

  /** The same rules for other names. */
  public CertificateProfile withNames(NamePolicy others) {
    return new CertificateProfile(
        name, validity, keyAlgorithms, keyUses, purposes, others, pathLength, nameConstraints);
  }

  /** The same rules for an authority with another number of authorities below it. */
  public CertificateProfile withPathLength(int other) {
    return new CertificateProfile(
        name, validity, keyAlgorithms, keyUses, purposes, names, other, nameConstraints);
  }

  /** The same rules for an authority that may certify these names only. */
  public CertificateProfile withNameConstraints(NameConstraints others) {
    return new CertificateProfile(
        name, validity, keyAlgorithms, keyUses, purposes, names, pathLength, others);
  }

  /** Whether a certificate of this profile may sign others. */
  public boolean isAuthority() {
    return pathLength != NO_AUTHORITY;
  }

  /** The algorithm of a key that this profile allows. */
  KeyAlgorithm checkKey(PublicKey key) throws PkiException {
    SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(key.getEncoded());
    return PublicKeyInfo.algorithm(info)
        .filter(keyAlgorithms::contains)
        .orElseThrow(
            () ->
                new PkiException(
                    "the key is "
                        + PublicKeyInfo.describe(info)
                        + ", which the profile \""
                        + name
                        + "\" does not allow; use one of "
                        + allowedKeys()));
  }

  private String allowedKeys() {
    return keyAlgorithms.stream()
        .sorted()
        .map(KeyAlgorithm::configName)
        .collect(Collectors.joining(", "));
  }
}
