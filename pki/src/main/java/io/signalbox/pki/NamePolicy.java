package io.signalbox.pki;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Which names a certificate may carry. What is not allowed is refused, never silently dropped: a
 * device that believes it has a name it lacks fails later and worse.
 *
 * <p>In each list {@code *} allows everything and an empty list allows nothing.
 *
 * @param commonName must match the whole common name; a pattern that matches the empty text makes
 *     it optional
 * @param organizationalUnits allowed values
 * @param dnsDomains a name is allowed if it is one of these or below one
 * @param ipAddresses whether IP addresses are allowed
 * @param uriPrefixes each ends with a slash, so that {@code spiffe://a/} does not allow {@code
 *     spiffe://ab/}
 * @param emailDomains the part after the {@code @}
 */
public record NamePolicy(
    Pattern commonName,
    List<String> organizationalUnits,
    List<String> dnsDomains,
    boolean ipAddresses,
    List<String> uriPrefixes,
    List<String> emailDomains) {

  static final int COMMON_NAME_CHARS_MAX = 64; // this and the next: upper bounds of X.520
  private static final int UNIT_CHARS_MAX = 64;

  private static final List<String> ANY = List.of("*");

  /** A device: its id as the common name and nothing else. */
  public static final NamePolicy DEVICE =
      new NamePolicy(
          Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}"),
          List.of(),
          List.of(),
          false,
          List.of(),
          List.of());

  /** Whatever the issuer was told; for names that an administrator chose. */
  public static final NamePolicy ANYTHING =
      new NamePolicy(Pattern.compile(".*"), ANY, ANY, true, ANY, ANY);

  public NamePolicy {
    organizationalUnits = List.copyOf(organizationalUnits);
    dnsDomains = List.copyOf(dnsDomains);
    uriPrefixes = List.copyOf(uriPrefixes);
    emailDomains = List.copyOf(emailDomains);
    for (String prefix : uriPrefixes) {
      if (!prefix.endsWith("/") && !prefix.equals("*")) {
        throw new IllegalArgumentException("the URI prefix \"" + prefix + "\" must end with \"/\"");
      }
    }
  }

  /**
   * Checks every name.
   *
   * @throws PkiException naming the first one that is not allowed
   */
  public void check(SubjectNames names) throws PkiException {
    if (names.commonName().length() > COMMON_NAME_CHARS_MAX
        || !commonName.matcher(names.commonName()).matches()) {
      throw refused(
          "common name",
          names.commonName(),
          "it must match " + commonName + " with at most " + COMMON_NAME_CHARS_MAX + " characters");
    }
    for (String unit : names.organizationalUnits()) {
      require(unit.length() <= UNIT_CHARS_MAX, "organizational unit", unit);
      require(
          allowsAny(organizationalUnits) || organizationalUnits.contains(unit),
          "organizational unit",
          unit);
    }
    for (String name : names.dnsNames()) {
      HostNames.check(name);
      require(
          allowsAny(dnsDomains) || dnsDomains.stream().anyMatch(domain -> isWithin(name, domain)),
          "DNS name",
          name);
    }
    for (String address : names.ipAddresses()) {
      require(ipAddresses, "IP address", address);
    }
    for (String uri : names.uris()) {
      boolean climbs =
          (uri + "/").contains("/../"); // would leave its prefix once somebody normalizes it
      require(
          allowsAny(uriPrefixes) || (!climbs && uriPrefixes.stream().anyMatch(uri::startsWith)),
          "URI",
          uri);
    }
    for (String email : names.emails()) {
      String domain = email.substring(email.lastIndexOf('@') + 1).toLowerCase(Locale.ROOT);
      require(allowsAny(emailDomains) || emailDomains.contains(domain), "e-mail address", email);
    }
  }

  private static boolean allowsAny(List<String> allowed) {
    return allowed.contains("*");
  }

  private static boolean isWithin(String name, String domain) {
    String lower = name.toLowerCase(Locale.ROOT);
    String suffix = domain.toLowerCase(Locale.ROOT);
    return lower.equals(suffix) || lower.endsWith("." + suffix);
  }

  private static void require(boolean allowed, String what, String value) throws PkiException {
    if (!allowed) {
      throw refused(
          what, value, "ask for a certificate without it, or use a profile that allows it");
    }
  }

  private static PkiException refused(String what, String value, String advice) {
    return new PkiException(
        "the " + what + " \"" + value + "\" is not allowed by the profile; " + advice);
  }
}
