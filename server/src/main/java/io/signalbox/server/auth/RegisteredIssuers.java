package io.signalbox.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.config.AuthConfig.Algorithm;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.registry.JwtIssuer;
import io.signalbox.server.registry.JwtIssuer.Keys;
import io.signalbox.server.trust.Fetcher;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes an issuer of what the registry says of it. */
public final class RegisteredIssuers {
  private static final Duration REFRESH = Duration.ofMinutes(5);
  private static final Duration PAUSE = Duration.ofSeconds(10);

  /** What is wrong with a secret that does not open, and what to do. */
  static final String UNREADABLE =
      "its hmacSecret does not open with registry.key of the data directory; restore that file from"
          + " a backup and start again, or put the issuer's hmacSecret anew";

  private RegisteredIssuers() {}

  /**
   * Tries the keys that stand in an entry, as they would be used.
   *
   * @throws IllegalArgumentException if one cannot be used, with the field in front
   */
  public static void check(JwtIssuer entry) {
    Set<Algorithm> algorithms = algorithms(entry);
    try {
      switch (entry.keys()) {
        case Keys.JwksJson(String json) -> KeySet.read(json.getBytes(UTF_8), algorithms);
        case Keys.PublicKeys(List<String> pem) -> publicKeys(pem, algorithms);
        // An address is asked later; a secret's length was checked when it was read.
        case Keys.JwksUri _, Keys.HmacSecret _, Keys.UnreadableSecret _ -> {}
      }
    } catch (IllegalArgumentException e) {
      String field = entry.keys() instanceof Keys.JwksJson ? "jwksJson: " : "publicKeysPem: a key ";
      throw new IllegalArgumentException(field + e.getMessage(), e);
    }
  }

  /** Names of the issuers that count whatever is registered, by their values of {@code iss}. */
  public static Map<String, String> configured(AuthConfig.Jwt config) {
    Map<String, String> names = new HashMap<>();
    config.issuers().forEach(issuer -> names.put(issuer.issuer(), issuer.name()));
    if (config.localIssuer()) {
      names.put(LocalTokenKey.ISSUER, LocalTokenKey.ISSUER_NAME);
    }
    return Map.copyOf(names);
  }

  private static Set<Algorithm> algorithms(JwtIssuer entry) {
    return Arrays.stream(Algorithm.values())
        .filter(algorithm -> entry.algorithms().contains(algorithm.toString()))
        .collect(Collectors.toSet());
  }

  /**
   * @param earlier of the entry before this one, if that had the same address: what it fetched
   *     stays in force
   * @throws IllegalArgumentException if a key cannot be used
   */
  static TokenTrust.Issuer issuer(
      JwtIssuer entry, @Nullable FetchedKeys earlier, Fetcher fetcher, Clocks clocks) {
    String device = entry.deviceClaim();
    Map<String, ClaimPath> attributes = new HashMap<>();
    entry.attributeClaims().forEach((name, path) -> attributes.put(name, ClaimPath.of(path)));
    return new TokenTrust.Issuer(
        entry.name(),
        Set.copyOf(entry.audiences()),
        List.of(keys(entry, earlier, fetcher, clocks)),
        ClaimPath.of(entry.userClaim()),
        device == null ? null : ClaimPath.of(device),
        ClaimPath.of(entry.groupsClaim()),
        attributes,
        Duration.ofSeconds(entry.clockSkewSeconds()),
        Duration.ofSeconds(entry.maxLifetimeSeconds()),
        "maxLifetimeSeconds of the issuer \"" + entry.name() + "\"",
        entry.aclClaimGrants());
  }

  private static TokenKeys keys(
      JwtIssuer entry, @Nullable FetchedKeys earlier, Fetcher fetcher, Clocks clocks) {
    Set<Algorithm> algorithms = algorithms(entry);
    return switch (entry.keys()) {
      case Keys.JwksUri(String uri) ->
          new TokenKeys.Fetched(
              earlier != null
                  ? earlier.goodFor(algorithms)
                  : new FetchedKeys(
                      entry.name(), URI.create(uri), algorithms, REFRESH, PAUSE, fetcher, clocks));
      case Keys.JwksJson(String json) ->
          new TokenKeys.Fixed(KeySet.read(json.getBytes(UTF_8), algorithms));
      case Keys.PublicKeys(List<String> pem) -> new TokenKeys.Fixed(publicKeys(pem, algorithms));
      case Keys.UnreadableSecret _ -> throw new IllegalArgumentException(UNREADABLE);
      case Keys.HmacSecret(String base64) -> {
        byte[] secret = Base64.getDecoder().decode(base64);
        yield new TokenKeys.Fixed(
            algorithms.stream()
                .map(algorithm -> TokenKey.ofSecret(null, algorithm, secret).forAnyId())
                .toList());
      }
    };
  }

  /** Each for those algorithms that it fits. */
  private static List<TokenKey> publicKeys(List<String> pem, Set<Algorithm> algorithms) {
    List<TokenKey> keys = new ArrayList<>();
    for (String one : pem) {
      String problem = "fits none of the algorithms " + algorithms;
      int before = keys.size();
      for (Algorithm algorithm : algorithms) {
        try {
          keys.add(TokenKey.of(new AuthConfig.Key(null, algorithm, one, null)).forAnyId());
        } catch (IllegalArgumentException e) {
          problem = String.valueOf(e.getMessage());
        }
      }
      if (keys.size() == before) {
        throw new IllegalArgumentException(problem);
      }
    }
    return keys;
  }
}
