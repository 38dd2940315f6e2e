package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.config.RegistryConfig;
import io.signalbox.server.config.Secret;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Needs SoftHSM 2, a token in software; the module's pom names its configuration file in the
 * environment.
 */
final class AuthorityKeysTest {
  private static final String REQUIRED = "require.softhsm";
  private static final Path LIBRARY = Path.of("/usr/lib/softhsm/libsofthsm2.so");

  @TempDir Path directory;

  /** After a few wrong ones tokens lock, some for good. */
  @Test
  void aPinThatTheTokenRefusesIsNotTriedAgain() throws Exception {
    makeToken();
    AuthorityKeys mistyped = open("271829");
    assertFalse(mistyped.mayOpenToken());
    assertTrue(open("271828").openToken());
    // Once somebody is logged in the library takes any PIN, so a try would succeed.
    assertTrue(open("271829").openToken());
    assertFalse(mistyped.openToken());
  }

  @Test
  void aTokenThatIsNotThereIsLookedForAgain() throws Exception {
    AuthorityKeys keys = open(directory.resolve("none.so"), "271828");
    assertTrue(keys.mayOpenToken());
  }

  private AuthorityKeys open(String pin) throws Exception {
    return open(LIBRARY, pin);
  }

  private AuthorityKeys open(Path library, String pin) throws Exception {
    RegistryConfig d = RegistryConfig.DEFAULTS;
    var config =
        new RegistryConfig(
            d.required(),
            d.defaultCa(),
            d.certificateValidity(),
            null,
            d.experimentalKeyTypes(),
            new RegistryConfig.Pkcs11(library, 0, new Secret(pin.getBytes(UTF_8))),
            d.devicesMax(),
            d.certificatesMax(),
            d.groupsMax(),
            d.othersMax(),
            d.attributesMax(),
            d.groupsPerEntryMax());
    return AuthorityKeys.open(
        config, directory.resolve("ca"), Clock.systemUTC(), RegistryFixture.RANDOM);
  }

  private void makeToken() throws Exception {
    String configuration = System.getenv("SOFTHSM2_CONF");
    boolean there = configuration != null && Files.isReadable(LIBRARY);
    assertTrue(there || !Boolean.getBoolean(REQUIRED), REQUIRED + " is set");
    Assumptions.assumeTrue(there, "skipped: no SoftHSM 2, or SOFTHSM2_CONF is not set");
    Path tokens = Files.createDirectory(directory.resolve("tokens"));
    Files.writeString(
        Path.of(configuration), "directories.tokendir = " + tokens + "\nlog.level = ERROR\n");
    List<String> words =
        List.of(
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            "plant",
            "--pin",
            "271828",
            "--so-pin",
            "31415926");
    Path output = directory.resolve("softhsm2-util.log");
    Process process =
        new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), Files.readString(output));
  }
}
