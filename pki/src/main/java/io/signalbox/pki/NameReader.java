package io.signalbox.pki;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1BMPString;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1IA5String;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1PrintableString;
import org.bouncycastle.asn1.ASN1T61String;
import org.bouncycastle.asn1.ASN1UTF8String;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;

/**
 * Reads names out of structures a stranger made. Everything is bounded, and what is ambiguous is
 * refused: with two common names a certificate could be one device to the check and another to the
 * broker.
 */
final class NameReader {
  private final List<String> commonNames = new ArrayList<>();
  private final List<String> organizationalUnits = new ArrayList<>();
  private final List<String> dnsNames = new ArrayList<>();
  private final List<String> ipAddresses = new ArrayList<>();
  private final List<String> uris = new ArrayList<>();
  private final List<String> emails = new ArrayList<>();

  private NameReader() {}

  /**
   * Reads both places a name can be.
   *
   * @param alternatives without entries when there is no such extension
   * @throws IllegalArgumentException saying what is wrong; BouncyCastle throws other unchecked
   *     exceptions for malformed structures
   */
  static SubjectNames read(X500Name subject, GeneralName[] alternatives) {
    NameReader reader = new NameReader();
    reader.readSubject(subject);
    reader.readAlternatives(alternatives);
    return new SubjectNames(
        reader.commonNames.isEmpty() ? "" : reader.commonNames.getFirst(),
        reader.organizationalUnits,
        reader.dnsNames,
        reader.ipAddresses,
        reader.uris,
        reader.emails);
  }

  /** The entries of a subject alternative name extension. */
  static GeneralName[] alternatives(ASN1Encodable extension) {
    return GeneralNames.getInstance(extension).getNames();
  }

  /** The DNS name or IP address that an alternative name is, if it is one. */
  static Optional<String> host(GeneralName name) {
    return switch (name.getTagNo()) {
      case GeneralName.dNSName -> Optional.of(ascii("DNS name", name));
      case GeneralName.iPAddress -> Optional.of(address(name));
      default -> Optional.empty();
    };
  }

  private void readSubject(X500Name subject) {
    int attributes = 0;
    for (RDN rdn : subject.getRDNs()) {
      for (AttributeTypeAndValue attribute : rdn.getTypesAndValues()) {
        if (++attributes > SubjectNames.NAMES_MAX) {
          throw new IllegalArgumentException(
              "the subject has more than " + SubjectNames.NAMES_MAX + " attributes");
        }
        if (attribute.getType().equals(BCStyle.CN)) {
          commonNames.add(text("common name", attribute.getValue()));
        } else if (attribute.getType().equals(BCStyle.OU)) {
          organizationalUnits.add(text("organizational unit", attribute.getValue()));
        }
      }
    }
    if (commonNames.size() > 1) {
      throw new IllegalArgumentException(
          "the subject has " + commonNames.size() + " common names where one is allowed");
    }
  }

  private void readAlternatives(GeneralName[] alternatives) {
    if (alternatives.length > SubjectNames.NAMES_MAX) {
      throw new IllegalArgumentException(
          alternatives.length
              + " subject alternative names, more than the limit of "
              + SubjectNames.NAMES_MAX);
    }
    for (GeneralName name : alternatives) {
      switch (name.getTagNo()) {
        case GeneralName.dNSName -> dnsNames.add(ascii("DNS name", name));
        case GeneralName.uniformResourceIdentifier -> uris.add(ascii("URI", name));
        case GeneralName.rfc822Name -> emails.add(ascii("e-mail address", name));
        case GeneralName.iPAddress -> ipAddresses.add(address(name));
        default -> {
          // Directory names, other names and the like identify nobody here.
        }
      }
    }
  }

  private static String text(String what, ASN1Encodable value) {
    return switch (value.toASN1Primitive()) {
      case ASN1UTF8String text -> text.getString();
      case ASN1PrintableString text -> text.getString();
      case ASN1IA5String text -> text.getString();
      case ASN1BMPString text -> text.getString();
      case ASN1T61String text -> text.getString();
      case null, default -> throw new IllegalArgumentException("the " + what + " is not a text");
    };
  }

  private static String ascii(String what, GeneralName name) {
    String text = ASN1IA5String.getInstance(name.getName()).getString();
    if (text.isEmpty() || !text.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException(
          "a " + what + " among the subject alternative names is not printable ASCII");
    }
    return text;
  }

  private static String address(GeneralName name) {
    try {
      return InetAddress.getByAddress(ASN1OctetString.getInstance(name.getName()).getOctets())
          .getHostAddress();
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(
          "an IP address among the subject alternative names has neither 4 nor 16 bytes", e);
    }
  }
}
