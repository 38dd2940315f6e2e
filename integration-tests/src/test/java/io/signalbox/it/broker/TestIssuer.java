package io.signalbox.it.broker;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Somebody who signs tokens that a broker under test trusts. */
public final class TestIssuer {
  private static final String SECRET = "a secret of at least 32 bytes, for tests only";

  private final String name;
  private final String aclClaim;

  /**
   * @param name policies call it so
   * @param aclClaim {@code narrow} or {@code grant}
   */
  public TestIssuer(String name, String aclClaim) {
    this.name = name;
    this.aclClaim = aclClaim;
  }

  /** Makes the broker trust them all. */
  public static BrokerConfig trustedBy(BrokerConfig config, TestIssuer... issuers) {
    var yaml = new StringBuilder("auth:\n  jwt:\n    issuers:\n");
    for (TestIssuer issuer : issuers) {
      yaml.append(
          """
                - name: %s
                  issuer: https://%s.example
                  audiences: [iot]
                  acl-claim: %s
                  keys: [{ algorithm: HS256, hmac-secret-file: issuer.secret }]
          """
              .formatted(issuer.name, issuer.name, issuer.aclClaim));
    }
    return config.file("issuer.secret", SECRET).yaml(yaml.toString());
  }

  /** The shared secret as the admin API takes it. */
  public static String secretBase64() {
    return Base64.getEncoder().encodeToString(SECRET.getBytes(StandardCharsets.UTF_8));
  }

  /** A token for an hour. */
  public String token(String subject, String... groups) {
    return tokenWith(subject, "", groups);
  }

  /**
   * @param moreClaims JSON members, such as {@code "acl": {}}
   */
  public String tokenWith(String subject, String moreClaims, String... groups) {
    String claims =
        "{\"iss\":\"https://%s.example\",\"aud\":\"iot\",\"sub\":\"%s\",\"exp\":%d,\"groups\":[%s]%s}"
            .formatted(
                name,
                subject,
                Instant.now().plusSeconds(3600).getEpochSecond(),
                List.of(groups).stream()
                    .map(group -> '"' + group + '"')
                    .collect(Collectors.joining(",")),
                moreClaims.isEmpty() ? "" : "," + moreClaims);
    String signed = encode("{\"alg\":\"HS256\"}") + "." + encode(claims);
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      byte[] signature = mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII));
      return signed + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HMAC-SHA256", e);
    }
  }

  private static String encode(String json) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }
}
