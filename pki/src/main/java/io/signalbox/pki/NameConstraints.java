package io.signalbox.pki;

import java.util.List;
import java.util.Set;
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
    DNS(GeneralName.dNSName, "a DNS name, such as example.com"),
    IP(GeneralName.iPAddress, "a network in CIDR form, such as 192.0.2.0/24"),
    URI_HOST(GeneralName.uniformResourceIdentifier, "a host, or a domain with a leading dot"),
    EMAIL(GeneralName.rfc822Name, "a host, a domain with a leading dot, or a mailbox");

    private final int tag;
    private final String rule;

    Kind(int tag, String rule) {
      this.tag = tag;
      this.rule = rule;
    }

    /** What a value must be, for messages. */
    public String rule() {
      return rule;
    }

    /** Whether the value can limit names of this kind. */
    public boolean isGood(String value) {
      return switch (this) {
        case DNS -> HostNames.isDnsName(value) && !value.startsWith("*");
        case IP -> isNetwork(value);
        case URI_HOST -> isDomain(value);
        case EMAIL -> isDomain(value.substring(value.indexOf('@') + 1)) && !value.startsWith("@");
      };
    }

    private static boolean isDomain(String value) {
      String name = value.startsWith(".") ? value.substring(1) : value;
      return HostNames.isDnsName(name) && !name.startsWith("*");
    }

    private static boolean isNetwork(String value) {
      int slash = value.indexOf('/');
      String address = slash < 0 ? "" : value.substring(0, slash);
      if (!HostNames.isIpLiteral(address)
          || !value.substring(slash + 1).matches("0|[1-9][0-9]{0,2}")) {
        return false;
      }
      int bits = Integer.parseInt(value.substring(slash + 1));
      return bits <= (address.indexOf(':') < 0 ? 32 : 128);
    }
  }

  /**
   * A part of a name space.
   *
   * @param value {@code example.com} for a DNS name and everything below it; {@code 192.0.2.0/24};
   *     a host, or a domain with a leading dot, for URIs and e-mail addresses
   */
  public record Subtree(Kind kind, String value) {
    /**
     * @throws IllegalArgumentException saying what the value must be
     */
    public Subtree {
      if (!kind.isGood(value)) {
        throw new IllegalArgumentException(kind.rule);
      }
    }

    GeneralSubtree toAsn1() {
      return new GeneralSubtree(new GeneralName(kind.tag, value));
    }
  }

  /** Whether the other limits names in the same way; their order means nothing. */
  public boolean isSameAs(NameConstraints other) {
    return Set.copyOf(permitted).equals(Set.copyOf(other.permitted))
        && Set.copyOf(excluded).equals(Set.copyOf(other.excluded));
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
