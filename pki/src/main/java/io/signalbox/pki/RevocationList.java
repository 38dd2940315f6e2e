package io.signalbox.pki;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.cert.CRLException;
import java.security.cert.CRLReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509v2CRLBuilder;

/**
 * A certificate revocation list (RFC 5280 section 5): made by an authority here, or read from a
 * file or an address of a foreign one. A list that was read is believed only through {@link
 * RevocationListCheck}, which checks who signed it.
 */
public final class RevocationList {
  /** About half a million entries. */
  public static final int LIST_BYTES_MAX = 32 * 1024 * 1024;

  /** In one file; each costs a check of its signature. */
  private static final int LISTS_MAX = 100;

  private static final byte SEQUENCE = 0x30; // with which every list begins in DER

  /** That of RFC 7468, and what some wrote before. */
  private static final Set<String> LABELS = Set.of("X509 CRL", "CRL");

  private final X509CRL crl;
  private final RevocationListScope scope;

  /** Zero for a list without one. */
  private final BigInteger number;

  private RevocationList(X509CRL crl, RevocationListScope scope, BigInteger number) {
    this.crl = crl;
    this.scope = scope;
    this.number = number;
  }

  /**
   * Signs a list; about 3 ms of CPU for a thousand entries.
   *
   * @param number greater than that of every list the authority signed before
   * @param revoked certificates of this authority, each once; those that expired may be left out
   * @param untilNext when the next list will be there at the latest
   */
  public static RevocationList issue(
      CertificateAuthority authority,
      BigInteger number,
      Collection<RevokedCertificate> revoked,
      Duration untilNext)
      throws PkiException {
    Instant now = authority.clock().instant().truncatedTo(ChronoUnit.SECONDS);
    AuthorityChecks.requireValid(authority.certificate(), now);
    Issuer issuer = authority.issuer();
    var builder = new X509v2CRLBuilder(issuer.name(), Date.from(now));
    builder.setNextUpdate(Date.from(now.plus(untilNext)));
    for (RevokedCertificate entry : revoked) {
      builder.addCRLEntry(entry.serialNumber(), Date.from(entry.since()), entry.reason().code());
    }
    try {
      builder.addExtension(Extension.cRLNumber, false, new CRLNumber(number));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new AuthorityKeyIdentifier(issuer.keyIdentifier()));
      X509CRLHolder list = issuer.sign(authority.random(), builder::build);
      return parse(list.getEncoded(), "the new revocation list");
    } catch (IOException e) {
      throw new IllegalStateException("a revocation list that was built cannot be encoded", e);
    }
  }

  /**
   * Reads one list as {@link #parseAll} does.
   *
   * @throws PkiException also if there are several
   */
  public static RevocationList parse(byte[] derOrPem, String where) throws PkiException {
    List<RevocationList> all = parseAll(derOrPem, where);
    if (all.size() > 1) {
      throw new PkiException(where + ": " + all.size() + " revocation lists where one belongs");
    }
    return all.getFirst();
  }

  /**
   * Reads what is fetched from an address or found in a file: one list in DER, or in PEM one or
   * more, such as those of a root and the authority below it, and text between them.
   *
   * @param where the origin, for messages
   * @return at least one
   * @throws PkiException if anything in it is no list, or one that cannot be relied on, or there
   *     are more than 100
   */
  public static List<RevocationList> parseAll(byte[] derOrPem, String where) throws PkiException {
    return parseAll(derOrPem, where, List.of());
  }

  /**
   * Reads as {@link #parseAll(byte[], String)} does, but of lists whose issuer has the name of none
   * of the authorities only that they are lists: files that other programs use too hold such ones.
   *
   * @param authorities none: all lists count
   * @return may be empty
   */
  public static List<RevocationList> parseAll(
      byte[] derOrPem, String where, List<X509Certificate> authorities) throws PkiException {
    List<RevocationList> all = new ArrayList<>();
    for (X509CRL crl : readAll(derOrPem, where)) {
      if (authorities.isEmpty() || authorities.stream().anyMatch(ca -> names(crl, ca))) {
        all.add(reliedOn(crl, where));
      }
    }
    return all;
  }

  private static List<X509CRL> readAll(byte[] derOrPem, String where) throws PkiException {
    if (derOrPem.length > LIST_BYTES_MAX) {
      throw new PkiException(
          where
              + ": the revocation list has "
              + derOrPem.length
              + " bytes, more than the limit of "
              + LIST_BYTES_MAX);
    }
    return derOrPem.length > 0 && derOrPem[0] == SEQUENCE
        ? List.of(read(derOrPem, where))
        : parsePem(new String(derOrPem, ISO_8859_1), where);
  }

  private static List<X509CRL> parsePem(String text, String where) throws PkiException {
    if (!text.contains(PemBlock.BEGIN)) {
      throw new PkiException(unreadable(where));
    }
    List<PemBlock> blocks = PemBlock.parse(text, where, LIST_BYTES_MAX);
    if (blocks.size() > LISTS_MAX) {
      throw new PkiException(
          where + ": " + blocks.size() + " revocation lists, more than the limit of " + LISTS_MAX);
    }
    List<X509CRL> all = new ArrayList<>();
    for (PemBlock block : blocks) {
      if (!LABELS.contains(block.label())) {
        throw new PkiException(
            where
                + " line "
                + block.line()
                + ": \""
                + block.label()
                + "\" where only revocation lists belong; take it out");
      }
      all.add(read(block.der(), where));
    }
    return all;
  }

  private static X509CRL read(byte[] der, String where) throws PkiException {
    X509CRL crl;
    var input = new ByteArrayInputStream(der);
    try {
      crl = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(input);
    } catch (CertificateException | CRLException | RuntimeException e) {
      throw new PkiException(unreadable(where), e);
    }
    if (input.available() > 0) {
      throw new PkiException(
          where
              + ": "
              + input.available()
              + " bytes behind the revocation list; write several lists as PEM");
    }
    if (crl == null) {
      throw new PkiException(unreadable(where));
    }
    return crl;
  }

  private static RevocationList reliedOn(X509CRL crl, String where) throws PkiException {
    if (crl.getNextUpdate() == null) {
      throw new PkiException(
          where
              + ": the revocation list does not say when the next one comes; it cannot be relied"
              + " on");
    }
    return new RevocationList(crl, RevocationListScope.of(crl, where), number(crl, where));
  }

  private static String unreadable(String where) {
    return where + ": not a readable revocation list (truncated or damaged); fetch it again";
  }

  private static BigInteger number(X509CRL crl, String where) throws PkiException {
    byte[] extension = crl.getExtensionValue(Extension.cRLNumber.getId());
    if (extension == null) {
      return BigInteger.ZERO;
    }
    try {
      return CRLNumber.getInstance(ASN1OctetString.getInstance(extension).getOctets())
          .getCRLNumber();
    } catch (RuntimeException e) {
      throw new PkiException(
          where + ": the revocation list has an unreadable number; fetch it again", e);
    }
  }

  /** When it was made. */
  public Instant thisUpdate() {
    return crl.getThisUpdate().toInstant();
  }

  /** When the next one should be there; from then on this one tells nothing. */
  public Instant nextUpdate() {
    return crl.getNextUpdate().toInstant();
  }

  /**
   * Whether this list was made after the other; an attacker may serve an old one again. Of two of
   * one second it is that with the higher number.
   */
  public boolean isNewerThan(RevocationList other) {
    int later = thisUpdate().compareTo(other.thisUpdate());
    return later > 0 || (later == 0 && number.compareTo(other.number) > 0);
  }

  /** How many certificates it lists. */
  public int size() {
    var entries = crl.getRevokedCertificates();
    return entries == null ? 0 : entries.size();
  }

  /**
   * The entry of a certificate, by its serial number alone. One that takes a revocation back is
   * none (removeFromCRL; RFC 5280 section 6.3.3 (k)).
   */
  public Optional<RevokedCertificate> find(BigInteger serialNumber) {
    X509CRLEntry entry = crl.getRevokedCertificate(serialNumber);
    if (entry == null || entry.getRevocationReason() == CRLReason.REMOVE_FROM_CRL) {
      return Optional.empty();
    }
    CRLReason reason = entry.getRevocationReason();
    return Optional.of(
        new RevokedCertificate(
            serialNumber,
            entry.getRevocationDate().toInstant(),
            reason == null ? RevocationReason.UNSPECIFIED : RevocationReason.of(reason)));
  }

  /** DER, as it is published. */
  public byte[] encoded() {
    try {
      return crl.getEncoded();
    } catch (CRLException e) {
      throw new IllegalStateException("a revocation list that was read cannot be written", e);
    }
  }

  public String toPem() {
    return PemBlock.encode("X509 CRL", encoded());
  }

  RevocationListScope scope() {
    return scope;
  }

  /** Whether the name of its issuer is that of the authority; its signature is not looked at. */
  private static boolean names(X509CRL crl, X509Certificate authority) {
    return crl.getIssuerX500Principal().equals(authority.getSubjectX500Principal());
  }

  boolean isIssuedBy(X509Certificate authority) {
    if (!names(crl, authority)) {
      return false;
    }
    try {
      crl.verify(authority.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
