package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.signalbox.pki.DevelopmentPki;
import io.signalbox.server.config.TlsConfig;
import io.signalbox.server.metrics.Metrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ServerCertificatesTest {
  private final SecureRandom random = new SecureRandom();

  @TempDir Path folder;

  /** Such as a lack of file descriptors, at every look. */
  @Test
  void aProblemThatLastsIsSaidOnceAndAgainWhenItComesBack() throws Exception {
    Path pki = folder.resolve("pki");
    Path away = folder.resolve("away");
    var development = DevelopmentPki.openOrCreate(pki, Clock.systemUTC(), random);
    var certificates =
        ServerCertificates.load(TlsConfig.DEFAULTS, development, new Metrics(1, "test"), random);
    List<LogRecord> said = Collections.synchronizedList(new ArrayList<>());
    Logger log = Logger.getLogger(ServerCertificates.class.getName());
    Filter before = log.getFilter();
    log.setFilter(said::add);
    try {
      Files.move(pki, away);
      certificates.refresh();
      certificates.refresh();
      assertEquals(1, said.size());
      assertNull(said.getFirst().getThrown());

      Files.move(away, pki);
      certificates.refresh();
      Files.move(pki, away);
      certificates.refresh();
      assertEquals(2, said.size());
    } finally {
      log.setFilter(before);
    }
  }
}
