package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Needs SoftHSM 2, a token in software; the module's pom names its configuration file in the
 * environment. A reader without a token is a library that gcc makes.
 */
class Pkcs11TokenTest {
  private static final List<Path> LIBRARIES =
      Stream.of(
              "/usr/lib/softhsm/libsofthsm2.so",
              "/usr/lib64/pkcs11/libsofthsm2.so",
              "/opt/homebrew/lib/softhsm/libsofthsm2.so")
          .map(Path::of)
          .toList();

  @Test
  void keepsAnAuthoritysKeyAndSignsWithIt() throws Exception {
    Path library = library();
    initializeToken();
    for (String wrong : List.of("4321", "1")) { // once somebody is logged in, no PIN is looked at
      PinRefusedException refused =
          assertThrows(
              PinRefusedException.class, () -> Pkcs11Token.open(library, 0, Passphrase.of(wrong)));
      assertTrue(refused.getMessage().contains("(CKR_PIN_"), refused.getMessage());
    }
    TestPki pki = new TestPki();
    Pkcs11Token token = Pkcs11Token.open(library, 0, Passphrase.of("1234"));
    CertificateSigningRequest request =
        token.createKey("plant", "plant issuing", KeyAlgorithm.EC_P256, pki.clock, pki.random);
    Refusals.assertRefused(
        "has a key \"plant\" already",
        () -> token.createKey("plant", "x", KeyAlgorithm.EC_P256, pki.clock, pki.random));
    Refusals.assertRefused(
        "cannot be kept on a token",
        () -> token.createKey("ed", "x", KeyAlgorithm.ED25519, pki.clock, pki.random));
    Refusals.assertRefused(
        "has no private key \"other\"",
        () -> token.authority("other", pki.issuing.chain(), pki.clock, pki.random));

    var signed = pki.root.issue(request, CertificateProfile.ISSUING);
    CertificateAuthority authority =
        token.authority("plant", pki.root.chainOf(signed), pki.clock, pki.random);
    var device =
        authority.issue(
            KeyAlgorithm.EC_P256.generate(pki.random).getPublic(),
            SubjectNames.ofCommonName("d"),
            CertificateProfile.DEVICE);
    var verifier = new CertificateVerifier(List.of(pki.trusted("plant")));
    assertInstanceOf(
        Verification.Accepted.class,
        verifier.verify(authority.presentedChainOf(device), pki.clock.instant()));
    assertThrows(IllegalArgumentException.class, () -> Pem.encode(authority.key()));
    Refusals.assertRefused(
        "does not belong to the certificate",
        () -> token.authority("plant", pki.issuing.chain(), pki.clock, pki.random));
    Refusals.assertRefused(
        "check the slot and the PIN", () -> Pkcs11Token.open(library, 99, Passphrase.of("1234")));
  }

  @Test
  void explainsAMissingLibrary() {
    Refusals.assertRefused(
        "is not there or not readable",
        () -> Pkcs11Token.open(Path.of("/no/such/library.so"), 0, Passphrase.of("1234")));
  }

  /** The JDK looks for a token that can be put back on a thread of each provider. */
  @Test
  void aReaderWithoutItsTokenKeepsNoThread(@TempDir Path folder) throws Exception {
    Path reader = emptyReader(folder);
    for (int attempt = 0; attempt < 3; attempt++) {
      Refusals.assertRefused(
          "check the slot and the PIN", () -> Pkcs11Token.open(reader, 0, Passphrase.of("1234")));
    }
    for (Thread thread : lookingForAToken()) {
      assertTrue(thread.join(Duration.ofMinutes(1)), thread::getName);
    }
  }

  private static List<Thread> lookingForAToken() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("Poller-SunPKCS11-signalbox"))
        .toList();
  }

  /** A vendor's library with a reader and no token in it. */
  private static Path emptyReader(Path folder) throws IOException, InterruptedException {
    String source = "empty-reader.c";
    Path code = folder.resolve(source);
    try (InputStream in =
        Objects.requireNonNull(Pkcs11TokenTest.class.getResourceAsStream(source))) {
      Files.copy(in, code);
    }
    Path made = folder.resolve("empty-reader.so");
    List<String> words =
        List.of("gcc", "-Wall", "-shared", "-fPIC", "-o", made.toString(), code.toString());
    Path output = folder.resolve("gcc.log");
    Process process;
    try {
      process =
          new ProcessBuilder(words)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
    } catch (IOException _) {
      need("gcc", false, "gcc is not installed");
      throw new AssertionError("not reached");
    }
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), Files.readString(output));
    return made;
  }

  private static Path library() {
    var found = LIBRARIES.stream().filter(Files::isReadable).findFirst();
    need("softhsm", found.isPresent(), "SoftHSM 2 is not installed");
    return found.orElseThrow();
  }

  /** Skips the test, or fails it if the system property {@code require.WHAT} is set. */
  private static void need(String what, boolean there, String lack) {
    if (System.getProperty("require." + what) != null) {
      assertTrue(there, lack + ", and require." + what + " is set");
    }
    Assumptions.assumeTrue(there, "skipped: " + lack);
  }

  private static void initializeToken() throws IOException, InterruptedException {
    String configuration = System.getenv("SOFTHSM2_CONF");
    need("softhsm", configuration != null, "SOFTHSM2_CONF is not set, as Maven does");
    Path file = Path.of(configuration);
    Path tokens = file.resolveSibling("softhsm-tokens");
    if (Files.exists(tokens)) {
      try (Stream<Path> old = Files.walk(tokens)) {
        for (Path path : old.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
    Files.createDirectories(tokens);
    Files.writeString(
        file,
        "directories.tokendir = " + tokens + "\nobjectstore.backend = file\nlog.level = ERROR\n");
    Process process =
        new ProcessBuilder(
                "softhsm2-util",
                "--init-token",
                "--slot",
                "0",
                "--label",
                "test",
                "--pin",
                "1234",
                "--so-pin",
                "12345678")
            .redirectErrorStream(true)
            .redirectOutput(file.resolveSibling("softhsm-init.log").toFile())
            .start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue());
  }
}
