package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class NamePolicyTest {
  private static final NamePolicy POLICY =
      new NamePolicy(
          Pattern.compile("dev-[0-9]+"),
          List.of("Plant 4"),
          List.of("example.com"),
          false,
          List.of("spiffe://example.com/dev/"),
          List.of("example.com"));

  @Test
  void allowsWhatItNames() {
    var names =
        new SubjectNames(
            "dev-1",
            List.of("Plant 4"),
            List.of("example.com", "a.B.Example.com"),
            List.of(),
            List.of("spiffe://example.com/dev/1"),
            List.of("x@example.com"));
    assertDoesNotThrow(() -> POLICY.check(names));
  }

  @Test
  void refusesEverythingElse() {
    assertRefused(
        "common name \"other\"",
        names("other", List.of(), List.of(), List.of(), List.of(), List.of()));
    assertRefused(
        "common name \"dev-1x\"",
        names("dev-1x", List.of(), List.of(), List.of(), List.of(), List.of()));
    assertRefused(
        "organizational unit",
        names("dev-1", List.of("Plant 5"), List.of(), List.of(), List.of(), List.of()));
    assertRefused(
        "DNS name",
        names("dev-1", List.of(), List.of("badexample.com"), List.of(), List.of(), List.of()));
    assertRefused(
        "IP address",
        names("dev-1", List.of(), List.of(), List.of("192.0.2.1"), List.of(), List.of()));
    assertRefused(
        "URI",
        names(
            "dev-1",
            List.of(),
            List.of(),
            List.of(),
            List.of("spiffe://example.com/device"),
            List.of()));
    assertRefused(
        "URI",
        names(
            "dev-1",
            List.of(),
            List.of(),
            List.of(),
            List.of("spiffe://example.com/dev/../admin"),
            List.of()));
    assertRefused(
        "e-mail",
        names(
            "dev-1",
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of("x@example.com@evil.example")));
  }

  @Test
  void refusesAUriPrefixWithoutItsSlash() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new NamePolicy(
                Pattern.compile(".*"),
                List.of(),
                List.of(),
                false,
                List.of("spiffe://example.com"),
                List.of()));
  }

  @Test
  void hostNamesAreChecked() {
    for (String good :
        List.of(
            "localhost", "a.example.com", "*.example.com", "192.0.2.1", "::1", "my_host", "x")) {
      assertDoesNotThrow(() -> HostNames.check(good), good);
    }
    for (String bad :
        List.of("", "*", "a..b", "-a", "a-", "a b", "a.*.b", "x".repeat(64), "a/b", "ü.example")) {
      assertThrows(PkiException.class, () -> HostNames.check(bad), bad);
    }
  }

  @Test
  void thisMachineIsReachedByLoopbackNamesAtLeast() throws PkiException {
    List<String> names = HostNames.ofThisMachine();
    assertEquals(HostNames.LOOPBACK, names.subList(0, 3));
    for (String name : names) {
      HostNames.check(name);
    }
  }

  private static SubjectNames names(
      String commonName,
      List<String> units,
      List<String> dns,
      List<String> ips,
      List<String> uris,
      List<String> emails) {
    return new SubjectNames(commonName, units, dns, ips, uris, emails);
  }

  private static void assertRefused(String part, SubjectNames names) {
    Refusals.assertRefused(part, () -> POLICY.check(names));
  }
}
