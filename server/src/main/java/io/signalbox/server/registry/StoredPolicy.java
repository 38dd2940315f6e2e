package io.signalbox.server.registry;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An access policy of the API as its author wrote it. That it is valid is not the registry's
 * affair: policies change through {@code auth.ApiPolicies}, which compiles them first.
 *
 * @param document at most {@value #CHARS_MAX} characters
 */
public record StoredPolicy(String name, Format format, String document, Stamp stamp)
    implements Entry<StoredPolicy> {
  /** A longer document is refused. */
  public static final int CHARS_MAX = 1 << 20;

  /** How the document is written. */
  public enum Format {
    JSON,
    YAML;

    /** Also the ending of its file, had it one. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static StoredPolicy read(String name, Fields in, @Nullable StoredPolicy earlier, Stamp stamp) {
    String format = in.choice("format", "yaml", List.of("json", "yaml"));
    return new StoredPolicy(
        name,
        Format.valueOf(format.toUpperCase(Locale.ROOT)),
        in.required("document", CHARS_MAX),
        stamp);
  }

  /** {@code api:NAME}, as decisions and attachments name it. */
  public String ref() {
    return PolicyAttachment.NAMESPACE + name;
  }

  @Override
  public Kind<StoredPolicy> kind() {
    return Kind.POLICY;
  }

  @Override
  public StoredPolicy withStamp(Stamp other) {
    return new StoredPolicy(name, format, document, other);
  }

  @Override
  public void write(JsonObject out) {
    out.addProperty("format", format.word());
    out.addProperty("document", document);
  }
}
