package io.signalbox.server.session;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.principal.SigningKey;
import io.signalbox.server.principal.TokenClaims;
import io.signalbox.server.topic.TopicName;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SessionWillTest {
  /** As the keys of tokens, with what nobody may read. */
  private record Key(String secret) implements SigningKey {}

  private static Principal ann(@Nullable SigningKey signedBy) {
    Map<String, Object> claims =
        Map.of(
            "floor",
            5L,
            "share",
            new BigDecimal("0.25"),
            "acl",
            Map.of("publish", List.of(Map.of("maxQos", 1L))));
    var token =
        new TokenClaims("login", "ann", List.of("iot"), "", claims, 1_000, 0, false, signedBy);
    return new Principal(
        "user:ann@login",
        AuthMethod.JWT,
        null,
        "ann",
        List.of("alarms"),
        Map.of("floor", "5"),
        null,
        token);
  }

  @Test
  void aTokenComesBackFromTheStoreAsItWasButWithoutItsKey() throws Exception {
    var will =
        new SessionWill(
            TopicName.of("alarm/ann"),
            Qos.AT_LEAST_ONCE,
            false,
            Properties.NONE,
            new byte[] {1},
            -1,
            0,
            ann(new Key("hush")),
            "tls",
            "tls",
            "127.0.0.1",
            "TLSv1.3");
    byte[] stored = will.encode();
    assertEquals(ann(null), SessionWill.decode(stored).principal());
    assertFalse(new String(stored, ISO_8859_1).contains("hush"));
  }
}
