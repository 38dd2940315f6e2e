package io.signalbox.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ConfigRecordsTest {

  @Test
  void recordsRefuseWhatTheReaderRefuses() {
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> new IoConfig(-1, 4, 65_536, 1_024, 65_536));
    assertEquals("io.io-threads: -1 is outside 0..256", e.getMessage());
  }

  @Test
  void zeroIoThreadsMeansOneAProcessor() {
    assertEquals(Runtime.getRuntime().availableProcessors(), IoConfig.DEFAULTS.ioThreadCount());
    assertEquals(3, new IoConfig(3, 4, 65_536, 1_024, 65_536).ioThreadCount());
  }

  @Test
  void theCommandLineReplacesTheDataDirectoryOnly() {
    BrokerConfig other = BrokerConfig.DEFAULTS.withDataDirectory(Path.of("elsewhere"));
    assertEquals(Path.of("elsewhere"), other.dataDirectory());
    assertEquals(BrokerConfig.DEFAULTS, other.withDataDirectory(Path.of("data")));
  }

  @Test
  void twentyRevisionsOfThePoliciesAreKeptUnlessToldOtherwise() throws ConfigException {
    assertEquals(20, BrokerConfig.DEFAULTS.policies().revisionsMax());
    String others = "policies: { reload-interval-millis: 50 }";
    assertEquals(20, ConfigReader.parse(others).policies().revisionsMax());
  }

  @Test
  void theNameOfTheDevelopmentPkiIsTakenWhileThatIsInUse() {
    Path file = Path.of("server.pem");
    var e = assertThrows(IllegalArgumentException.class, () -> trustingDevCa(null, false));
    assertEquals(
        "tls.trusted-cas: the name \"dev-ca\" is that of the development PKI, which is in use;"
            + " choose another",
        e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> trustingDevCa(file, true));
    assertFalse(trustingDevCa(file, false).usesDevelopmentPki());
  }

  /** With a {@code dev-ca} of its own. */
  private static TlsConfig trustingDevCa(@Nullable Path serverFile, boolean development) {
    TlsConfig d = TlsConfig.DEFAULTS;
    var own =
        new TlsConfig.TrustedCa(
            TlsConfig.DEVELOPMENT_CA, Path.of("ca.crt"), TlsConfig.Revocation.NONE);
    return new TlsConfig(
        serverFile,
        serverFile,
        List.of(),
        false,
        List.of(own),
        development,
        d.protocols(),
        d.crypto());
  }

  @Test
  void secretsShowNothing() {
    var secret = new Secret(new byte[] {1, 2, 3});
    assertEquals("***", secret.toString());
    assertEquals(secret, new Secret(new byte[] {1, 2, 3}));
    assertNotEquals(secret, new Secret(new byte[] {1, 2, 4}));
    secret.bytes()[0] = 9;
    assertEquals(new Secret(new byte[] {1, 2, 3}), secret);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.1.2, true",
    "10.0.0.0/8, 11.0.0.0, false",
    "192.168.1.128/25, 192.168.1.127, false",
    "192.168.1.128/25, 192.168.1.200, true",
    "127.0.0.1, 127.0.0.1, true",
    "127.0.0.1, 127.0.0.2, false",
    "0.0.0.0/0, 8.8.8.8, true",
    "0.0.0.0/0, ::1, false",
    "fd00::/8, fdab::1, true",
    "fd00::/8, fe80::1, false",
    "::1, ::1, true"
  })
  void blocksContainTheirAddresses(String block, String address, boolean contained)
      throws Exception {
    assertEquals(contained, AddressRange.of(block).contains(InetAddress.getByName(address)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "proxy.example",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "10.0.0.1/8",
        "::1/129",
        "10",
        "1.2.3.4.5",
        "fd00::g/8",
        "cafe"
      })
  void whatIsNoBlockIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> AddressRange.of(text));
  }

  @Test
  void nearbyWordsAreFound() {
    assertEquals(0, Nearest.distance("same", "same"));
    assertEquals(3, Nearest.distance("kitten", "sitting"));
    assertTrue(
        Nearest.to("levl", java.util.List.of("level", "page")).filter("level"::equals).isPresent());
    assertFalse(Nearest.to("something", java.util.List.of("level", "page")).isPresent());
  }
}
