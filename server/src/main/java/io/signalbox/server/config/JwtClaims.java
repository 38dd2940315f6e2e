package io.signalbox.server.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where an issuer's tokens say whose they are: paths of claims, with dots between names.
 *
 * @param user whose value is the user's name
 * @param device whose value is a device's id; null: the tokens are of users
 * @param groups whose value lists groups; null: as {@code auth.jwt.groups-claim} says
 * @param attributes attribute to path
 */
public record JwtClaims(
    String user, @Nullable String device, @Nullable String groups, Map<String, String> attributes) {

  public static final JwtClaims DEFAULTS = new JwtClaims("sub", null, null, Map.of());

  private static final int ATTRIBUTES_MAX = 64;

  public JwtClaims {
    attributes = Map.copyOf(attributes);
    if (attributes.size() > ATTRIBUTES_MAX) {
      throw new IllegalArgumentException(
          "auth.jwt.issuers.attribute-claims: more than " + ATTRIBUTES_MAX);
    }
  }

  static JwtClaims read(Section issuer) {
    JwtClaims d = DEFAULTS;
    List<String> pairs = issuer.values("attribute-claims", JwtClaims::pair, List.of());
    Map<String, String> attributes = new LinkedHashMap<>();
    for (String pair : new ArrayList<>(pairs)) {
      int at = pair.indexOf('=');
      attributes.put(pair.substring(0, at), pair.substring(at + 1));
    }
    return new JwtClaims(
        issuer.string("user-claim", d.user),
        issuer.optional("device-claim"),
        issuer.optional("groups-claim"),
        attributes);
  }

  private static String pair(String text) {
    if (!text.matches("[A-Za-z0-9_-]{1,64}=.{1,256}")) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is no attribute=path, such as site=location.site");
    }
    return text;
  }
}
