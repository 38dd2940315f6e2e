package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.SubjectNames;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.CertificateFields;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.principal.TrustPath;
import io.signalbox.server.protocol.LiveClient;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class AuthorityEndsTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
  private static final Clock ISSUED = Clock.fixed(START, ZoneOffset.UTC);
  private static final long HOUR = 3_600_000;

  private long wallMillis = START.toEpochMilli();
  private CertificateAuthority root;
  private CertificateAuthority issuing;

  private final AuthorityEnds ends =
      new AuthorityEnds(
          new Clocks() {
            @Override
            public long nanos() {
              throw new AssertionError("certificates end by the calendar");
            }

            @Override
            public long wallMillis() {
              return wallMillis;
            }
          });

  /** The root ends after three hours, the authority below it after two. */
  @BeforeEach
  void make() throws PkiException {
    root =
        CertificateAuthority.createRoot(
            "root",
            KeyAlgorithm.EC_P256,
            CertificateProfile.ROOT.withValidity(Duration.ofHours(3)),
            ISSUED,
            RANDOM);
    issuing =
        root.createIssuing(
            "issuing",
            KeyAlgorithm.EC_P256,
            CertificateProfile.ISSUING.withValidity(Duration.ofHours(2)));
  }

  private LiveClient client(@Nullable TrustPath path) throws Exception {
    X509Certificate own =
        issuing.issue(
            KeyAlgorithm.EC_P256.generate(RANDOM).getPublic(),
            SubjectNames.ofCommonName("p7"),
            CertificateProfile.DEVICE.withValidity(Duration.ofHours(1)));
    var certificate =
        new CertificateFields(
            "ca", "p7", "1", "f", "issuing", List.of(), List.of(), List.of(), List.of(), 1, path);
    return new LiveClient(
        "p7",
        new Principal(
            "device:p7",
            AuthMethod.CERTIFICATE,
            "p7",
            null,
            List.of(),
            Map.of(),
            path == null ? null : certificate,
            null),
        new Peer(
            "l",
            "tls",
            InetAddress.getLoopbackAddress(),
            1,
            "TLSv1.3",
            issuing.chainOf(own),
            false,
            false,
            null),
        ProtocolVersion.V5,
        true,
        0,
        0);
  }

  /** How often a client is told of while so many milliseconds pass, by looks of one second. */
  private int told(LiveClient client, long millis) {
    int told = 0;
    for (long end = wallMillis + millis; wallMillis < end; ) {
      wallMillis += 1_000;
      told += ends.due().map(isMeant -> isMeant.test(client) ? 1 : 0).orElse(0);
    }
    return told;
  }

  @Test
  void tellsTwiceOfEachAuthorityOnThePathAndNeverOfTheClientsOwn() throws Exception {
    LiveClient byRoot = client(new TrustPath(2, root.certificate()));
    assertEquals(0, told(byRoot, 2 * HOUR - 1_000), "its own has a timer");
    assertEquals(2, told(byRoot, 2 * AuthorityEnds.PERIOD_MILLIS + 1_000), "the one between");
    assertEquals(0, told(byRoot, HOUR / 2));
    assertEquals(2, told(byRoot, HOUR), "the trusted one");
  }

  @Test
  void whatIsNotOnThePathEndsUnheard() throws Exception {
    LiveClient byIssuing = client(new TrustPath(1, issuing.certificate()));
    assertEquals(2, told(byIssuing, 2 * HOUR + HOUR / 2));
    assertEquals(0, told(byIssuing, HOUR), "the root was sent and not asked");
    assertEquals(0, told(client(null), HOUR), "without a certificate");
  }

  @Test
  void aClockThatWasPutBackDoesNotSilenceIt() throws Exception {
    LiveClient client = client(new TrustPath(1, issuing.certificate()));
    wallMillis += 100 * HOUR;
    assertEquals(Optional.of(true), ends.due().map(isMeant -> isMeant.test(client)));
    wallMillis -= 99 * HOUR;
    assertEquals(2, told(client, 2 * HOUR));
  }
}
