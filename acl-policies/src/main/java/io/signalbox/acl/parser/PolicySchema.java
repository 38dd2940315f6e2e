package io.signalbox.acl.parser;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * The JSON Schema (draft 2020-12) of a policy, for editors and for the admin API. It knows keys,
 * types and words; what depends on other values only {@link PolicyParser} knows.
 */
public final class PolicySchema {
  private static final String FILE = "policy.schema.json";

  private PolicySchema() {}

  /** The schema as JSON text. */
  public static String text() {
    try (InputStream in = PolicySchema.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new IllegalStateException(FILE + " is missing in this jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(FILE + " cannot be read", e);
    }
  }
}
