package io.signalbox.pki;

import static io.signalbox.pki.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsIdentityTest {
  private final SecureRandom random = new SecureRandom();
  private TlsIdentity server;
  private TlsIdentity other;
  private String key;
  private String chain;

  @TempDir Path folder;

  @BeforeEach
  void makeServers() throws PkiException {
    TestPki pki = new TestPki();
    server = pki.server("mqtt.example");
    other = pki.server("mqtt.example");
    key = Pem.encode(server.key());
    chain = Pem.encode(server.chain());
  }

  private TlsIdentity read(String certificate, String privateKey) throws Exception {
    Path crt = Files.writeString(folder.resolve("server.crt"), certificate);
    return TlsIdentity.read(
        crt, Files.writeString(folder.resolve("server.key"), privateKey), random);
  }

  private TlsIdentity readOneFile(String text) throws Exception {
    Path file = Files.writeString(folder.resolve("server.pem"), text);
    return TlsIdentity.read(file, file, random);
  }

  @Test
  void readsTwoFilesOrOneThatHoldsBoth() throws Exception {
    assertEquals(server.chain(), read(chain, key).chain());
    assertEquals(server.chain(), readOneFile(key + chain).chain());
    assertEquals(server.key(), readOneFile(chain + key).key());
  }

  @Test
  void refusesAPairThatWasNotMadeTogether() {
    String stranger = Pem.encode(other.key());
    assertRefused("does not belong to the first certificate", () -> read(chain, stranger));
    assertRefused("does not belong to the first certificate", () -> readOneFile(stranger + chain));
  }

  @Test
  void refusesHalfAFile() {
    assertRefused("without its certificate", () -> readOneFile(key));
    assertRefused("holds no private key", () -> readOneFile(chain));
    assertRefused("where only \"CERTIFICATE\" belongs", () -> read(key + chain, key));
  }
}
