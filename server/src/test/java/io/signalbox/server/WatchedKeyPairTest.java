package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.SubjectNames;
import io.signalbox.pki.TlsIdentity;
import io.signalbox.server.config.TlsConfig.KeyPairFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WatchedKeyPairTest {
  private final Instant now = Instant.now();

  private final SecureRandom random = new SecureRandom();
  private CertificateAuthority authority;
  private TlsIdentity first;
  private TlsIdentity second;
  private KeyPairFiles files;

  @TempDir Path folder;

  @BeforeEach
  void makeTwoCertificates() throws Exception {
    authority =
        CertificateAuthority.createRoot(
            "root", KeyAlgorithm.EC_P256, CertificateProfile.ROOT, Clock.systemUTC(), random);
    first = server();
    second = server();
    files = new KeyPairFiles(folder.resolve("server.crt"), folder.resolve("server.key"));
    writeCertificate(first);
    writeKey(first);
  }

  private TlsIdentity server() throws PkiException {
    KeyPair keys = KeyAlgorithm.EC_P256.generate(random);
    SubjectNames names = SubjectNames.ofServer(List.of("mqtt.example"));
    return new TlsIdentity(
        keys.getPrivate(),
        List.of(authority.issue(keys.getPublic(), names, CertificateProfile.SERVER)));
  }

  private void writeCertificate(TlsIdentity of) throws IOException {
    Files.writeString(files.certificateFile(), Pem.encode(of.chain()));
  }

  private void writeKey(TlsIdentity of) throws IOException {
    Files.writeString(files.privateKeyFile(), Pem.encode(of.key()));
  }

  @Test
  void whatIsServedStaysUntilBothFilesAreReplaced() throws Exception {
    WatchedKeyPair pair = new WatchedKeyPair(files, random);
    assertEquals(first.chain(), pair.refresh(now).chain());

    writeCertificate(second);
    assertEquals(first.chain(), pair.refresh(now).chain());
    assertTrue(pair.isStale());

    writeKey(second);
    assertEquals(second.chain(), pair.refresh(now).chain());
    assertFalse(pair.isStale());
  }

  @Test
  void whatIsServedStaysWhileAFileIsGoneOrHalfWritten() throws Exception {
    WatchedKeyPair pair = new WatchedKeyPair(files, random);
    Files.delete(files.privateKeyFile());
    assertEquals(first, pair.refresh(now));
    assertTrue(pair.isStale());

    String whole = Pem.encode(first.chain());
    writeKey(first);
    Files.writeString(files.certificateFile(), whole.substring(0, whole.length() / 2));
    assertEquals(first, pair.refresh(now));
    assertTrue(pair.isStale());

    writeCertificate(first);
    assertEquals(first.chain(), pair.refresh(now).chain());
    assertFalse(pair.isStale());
  }

  /** As after a change of owner or mode, which no time of the file tells. */
  @Test
  void filesThatCouldNotBeUsedAreReadAgainThoughNothingTellsOfAChange() throws Exception {
    WatchedKeyPair pair = new WatchedKeyPair(files, random);
    String good = Files.readString(files.certificateFile());
    writeAsOf(now.minusSeconds(60), "x".repeat(good.length()));
    pair.refresh(now);
    assertTrue(pair.isStale());

    writeAsOf(now.minusSeconds(60), good);
    pair.refresh(now);
    assertFalse(pair.isStale());
  }

  /** In place, with a time of its own. */
  private void writeAsOf(Instant time, String text) throws IOException {
    Files.writeString(files.certificateFile(), text);
    Files.setLastModifiedTime(files.certificateFile(), FileTime.from(time));
  }

  @Test
  void aBrokerDoesNotStartWithAPairThatWasNotMadeTogether() throws Exception {
    writeKey(second);
    PkiException e = assertThrows(PkiException.class, () -> new WatchedKeyPair(files, random));
    assertTrue(e.getMessage().contains("server.key\" does not belong to"), e.getMessage());
  }
}
