package io.signalbox.pki;

import java.util.List;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralSubtree;

/**
 * The alternative names that an authority, and everything below it, may certify (RFC 5280 section
 * 4.2.1.10). A kind of name that no permitted subtree mentions is not limited; a common name that
 * could be a host counts as a DNS name if there is no other, so below an authority with permitted
 * DNS names a device id is such a name.
 *
 * @param permitted if any of a kind is given, a name of that kind must lie in one of them
 * @param excluded a name in one of these is refused, permitted or not
 */
public record NameConstraints(List<Subtree> permitted, List<Subtree> excluded) {
  /** No limits. */
  public static final NameConstraints NONE = new NameConstraints(List.of(), List.of());

  public NameConstraints {
    permitted = List.copyOf(permitted);
    excluded = List.copyOf(excluded);
  }

  /** The kinds of name that can be limited. */
  public enum Kind {
    DNS(GeneralName.dNSName),
    IP(GeneralName.iPAddress),
    URI_HOST(GeneralName.uniformResourceIdentifier),
    EMAIL(GeneralName.rfc822Name);

    private final int tag;

    Kind(int tag) {
      this.tag = tag;
    }
  }

  /**
   * A part of a name space.
   *
   * @param value {@code example.com} for a DNS name and everything below it; {@code 192.0.2.0/24};
   *     a host, or a domain with a leading dot, for URIs and e-mail addresses
   */
  public record Subtree(Kind kind, String value) {
    GeneralSubtree toAsn1() {
      return new GeneralSubtree(new GeneralName(kind.tag, value));
    }
  }

  boolean isNone() {
    return permitted.isEmpty() && excluded.isEmpty();
  }

  org.bouncycastle.asn1.x509.NameConstraints toAsn1() {
    return new org.bouncycastle.asn1.x509.NameConstraints(subtrees(permitted), subtrees(excluded));
  }

  private static GeneralSubtree[] subtrees(List<Subtree> list) {
    return list.stream().map(Subtree::toAsn1).toArray(GeneralSubtree[]::new);
  }
}
