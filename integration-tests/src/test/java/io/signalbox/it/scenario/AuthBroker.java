package io.signalbox.it.scenario;

import io.jsonwebtoken.Jwts;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.wire.Transport;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * A broker with users and an issuer of tokens whose key the tests have. Who is in group {@code
 * clients} may connect and subscribe, who is in group {@code writers} may publish, who is in group
 * {@code guests} may only connect.
 */
final class AuthBroker {
  static final String ISSUER = "https://login.example";
  static final String PASSWORD = "pencil";

  /** The password is {@link #PASSWORD}. */
  static final String VERIFIER =
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
          + ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

  static final String USERS =
      "user clients,writers %1$s\nother clients %1$s\nalone - %1$s\n".formatted(VERIFIER);

  private static final String SECRET = "the tests' own issuer, 32 bytes and more";
  private static final SecretKey KEY =
      new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256");

  private AuthBroker() {}

  static BrokerConfig config(String moreAuth) {
    return BrokerConfig.empty()
        .file("users", USERS)
        .file("secret", SECRET)
        .policy("clients", policy("clients", "clients", "connect", "clientIds: [\"*\"]"))
        .policy("readers", policy("readers", "clients", "subscribe", "topics: [\"#\"]"))
        .policy("guests", policy("guests", "guests", "connect", "clientIds: [\"*\"]"))
        .policy("writers", policy("writers", "writers", "publish", "topics: [\"#\"]"))
        .yaml(
            """
            auth:
              users-file: users
            %s  jwt:
                issuers:
                  - name: login
                    issuer: %s
                    audiences: [tests]
                    keys:
                      - algorithm: HS256
                        hmac-secret-file: secret
            """
                .formatted(moreAuth, ISSUER));
  }

  private static String policy(String name, String group, String action, String resource) {
    return """
    version: 1
    name: %s
    description: Who is in group %s may %s.
    match: { group: %s }
    statements:
      - id: %s
        effect: allow
        actions: [%s]
        %s
    """
        .formatted(name, group, action, group, action, action, resource);
  }

  static BrokerUnderTest start(String name) {
    BrokerConfig config = config("");
    for (Transport transport : Transport.values()) {
      config.listener(transport, false, transport.isTls() ? "optional" : "none");
    }
    return BrokerUnderTest.start(name, config);
  }

  /** A token good for so long from now, in Authentication Data's form. */
  static byte[] token(String subject, Duration lifetime, String... groups) {
    return Jwts.builder()
        .issuer(ISSUER)
        .subject(subject)
        .audience()
        .add("tests")
        .and()
        .claim("groups", List.of(groups))
        .expiration(Date.from(Instant.now().plus(lifetime)))
        .signWith(KEY, Jwts.SIG.HS256)
        .compact()
        .getBytes(StandardCharsets.US_ASCII);
  }
}
