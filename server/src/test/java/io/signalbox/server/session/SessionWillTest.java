package io.signalbox.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.principal.TokenClaims;
import io.signalbox.server.topic.TopicName;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class SessionWillTest {
  @Test
  void theClaimsOfATokenComeBackFromTheStoreAsTheyWere() {
    Map<String, Object> claims =
        Map.of(
            "floor",
            5L,
            "share",
            new BigDecimal("0.25"),
            "acl",
            Map.of("publish", List.of(Map.of("maxQos", 1L))));
    var token = new TokenClaims("login", "ann", List.of("iot"), "", claims, 1_000, false);
    var ann =
        new Principal(
            "user:ann@login",
            AuthMethod.JWT,
            null,
            "ann",
            List.of("alarms"),
            Map.of("floor", "5"),
            null,
            token);
    var will =
        new SessionWill(
            TopicName.of("alarm/ann"),
            Qos.AT_LEAST_ONCE,
            false,
            Properties.NONE,
            new byte[] {1},
            -1,
            0,
            ann,
            "tls",
            "tls",
            "127.0.0.1",
            "TLSv1.3");
    assertEquals(ann, SessionWill.decode(will.encode()).principal());
  }
}
