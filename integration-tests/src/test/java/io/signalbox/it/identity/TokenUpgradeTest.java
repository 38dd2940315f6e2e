package io.signalbox.it.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.TestIssuer;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Upgrade;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Where a WebSocket client may put its token, and which pages may use a cookie with one. */
final class TokenUpgradeTest {
  private static final String PAGE = "https://app.example";
  private static final int FORBIDDEN = 403;
  private static final int BAD_CREDENTIALS = 0x86;
  private static final int NOT_AUTHORIZED = 0x87;
  private static final TestIssuer ISSUER = new TestIssuer("pages", "narrow");
  private static final String TOKEN = ISSUER.token("ann");

  private static BrokerUnderTest broker;

  @BeforeAll
  static void start() {
    broker =
        BrokerUnderTest.start(
            "upgrade",
            TestIssuer.trustedBy(
                BrokerConfig.allowingAll()
                    .listener(Transport.WSS, false, "none")
                    .listenerYaml(
                        Transport.WSS,
                        "token-cookie: session\nallowed-origins: [\"" + PAGE + "\"]"),
                ISSUER));
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  private static Upgrade upgrade() {
    return new Upgrade(broker.endpoint(Transport.WSS));
  }

  private static int answer(Upgrade upgrade) {
    return upgrade.connect(Clients.unique("w"));
  }

  /** Not allowed beside the list. */
  private static String own() {
    Endpoint endpoint = broker.endpoint(Transport.WSS);
    return "https://localhost:" + endpoint.address().getPort();
  }

  @Test
  void aTokenInTheHeaderOrASubprotocol() {
    assertEquals(0, answer(upgrade().header("Authorization", "Bearer " + TOKEN)));
    assertEquals(0, answer(upgrade().subprotocol("bearer." + TOKEN)));
    assertEquals(
        BAD_CREDENTIALS, answer(upgrade().header("Authorization", "Bearer " + TOKEN + "AAAA")));
    assertEquals(BAD_CREDENTIALS, answer(upgrade().subprotocol("bearer." + TOKEN + "AAAA")));
    assertEquals(NOT_AUTHORIZED, answer(upgrade()));
  }

  @Test
  void aCookieOfAPageThatMayUseItAlone() {
    String cookie = "other=1; session=" + TOKEN;
    assertEquals(0, answer(upgrade().header("Cookie", cookie).header("Origin", PAGE)));
    for (String origin : List.of("https://evil.example", PAGE + ".evil.example", own(), "null")) {
      assertEquals(
          FORBIDDEN, answer(upgrade().header("Cookie", cookie).header("Origin", origin)), origin);
    }
    assertEquals(NOT_AUTHORIZED, answer(upgrade().header("Cookie", cookie)), "without an origin");
    assertEquals(
        BAD_CREDENTIALS,
        answer(upgrade().header("Cookie", "session=" + TOKEN + "AAAA").header("Origin", PAGE)));
  }
}
