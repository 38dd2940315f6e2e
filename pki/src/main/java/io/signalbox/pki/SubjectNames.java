package io.signalbox.pki;

import java.util.List;

/**
 * Who a certificate or a signing request is about: the parts of the subject that Signalbox uses,
 * and the subject alternative names.
 *
 * @param commonName at most 256 characters; empty when there is none
 * @param organizationalUnits in the order of the subject
 * @param dnsNames may begin with the label {@code *}
 * @param ipAddresses literals, as {@link java.net.InetAddress#getHostAddress} writes them
 * @param uris such as a SPIFFE id
 * @param emails e-mail addresses
 */
public record SubjectNames(
    String commonName,
    List<String> organizationalUnits,
    List<String> dnsNames,
    List<String> ipAddresses,
    List<String> uris,
    List<String> emails) {

  static final int NAMES_MAX = 100;
  static final int TEXT_CHARS_MAX = 256;
  static final int URI_CHARS_MAX = 2048;

  public SubjectNames {
    organizationalUnits = checked("organizational units", organizationalUnits, TEXT_CHARS_MAX);
    dnsNames = checked("DNS names", dnsNames, TEXT_CHARS_MAX);
    ipAddresses = checked("IP addresses", ipAddresses, TEXT_CHARS_MAX);
    uris = checked("URIs", uris, URI_CHARS_MAX);
    emails = checked("e-mail addresses", emails, TEXT_CHARS_MAX);
    check("common name", commonName, TEXT_CHARS_MAX);
  }

  /** Names with a common name only. */
  public static SubjectNames ofCommonName(String commonName) {
    return new SubjectNames(commonName, List.of(), List.of(), List.of(), List.of(), List.of());
  }

  /**
   * Names of a server.
   *
   * @param hosts DNS names and IP literals, at least one; the first is the common name as well, for
   *     tools that show it
   */
  public static SubjectNames ofServer(List<String> hosts) throws PkiException {
    if (hosts.isEmpty()) {
      throw new PkiException("a server certificate needs at least one host name or IP address");
    }
    for (String host : hosts) {
      HostNames.check(host);
    }
    List<String> dnsNames = hosts.stream().filter(host -> !HostNames.isIpLiteral(host)).toList();
    List<String> ipAddresses =
        hosts.stream().filter(HostNames::isIpLiteral).map(HostNames::normalizedIp).toList();
    return new SubjectNames(
        shownName(hosts), List.of(), dnsNames, ipAddresses, List.of(), List.of());
  }

  /** Whether there is any subject alternative name. */
  public boolean hasAlternativeNames() {
    return !(dnsNames.isEmpty() && ipAddresses.isEmpty() && uris.isEmpty() && emails.isEmpty());
  }

  /**
   * The first host that fits a common name (64 characters, X.520); none is needed beside
   * alternative names.
   */
  private static String shownName(List<String> hosts) {
    return hosts.stream()
        .filter(host -> host.length() <= NamePolicy.COMMON_NAME_CHARS_MAX)
        .findFirst()
        .orElse("");
  }

  private static List<String> checked(String what, List<String> names, int charsMax) {
    if (names.size() > NAMES_MAX) {
      throw new IllegalArgumentException(
          names.size() + " " + what + ", more than the limit of " + NAMES_MAX);
    }
    for (String name : names) {
      check("one of the " + what, name, charsMax);
    }
    return List.copyOf(names);
  }

  private static void check(String what, String text, int charsMax) {
    if (text.length() > charsMax) {
      throw new IllegalArgumentException(
          what + " has " + text.length() + " characters, more than the limit of " + charsMax);
    }
    // Control and formatting characters would let a certificate forge log lines or look like
    // another one.
    if (text.codePoints().anyMatch(SubjectNames::isInvisible)) {
      throw new IllegalArgumentException(what + " holds a control or formatting character");
    }
  }

  private static boolean isInvisible(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }
}
