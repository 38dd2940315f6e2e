package io.signalbox.server.registry;

import com.google.gson.JsonObject;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a device that enrols, or connects for the first time.
 *
 * @param deviceIdTemplate text with {@code ${id}}; where it connects for the first time also {@code
 *     ${serial}} and {@code ${fingerprint}} of its certificate, where it enrols {@code ${claim}},
 *     the name of the claim token
 * @param policies attached to the new device; {@code NAMESPACE:NAME}, or {@code NAME} of the API
 * @param clientIdPin null: the device's id
 * @param manualApproval whether somebody must approve the device first
 * @param ca issuing authority; null: the default one
 * @param validityHours of certificates; 0: the default
 * @param rules what an enrolling device may ask for
 */
public record ProvisioningTemplate(
    String name,
    String description,
    String deviceIdTemplate,
    List<String> groups,
    Map<String, String> attributes,
    List<String> policies,
    @Nullable String clientIdPin,
    boolean manualApproval,
    @Nullable String ca,
    int validityHours,
    CsrRules rules,
    boolean enabled,
    Stamp stamp)
    implements Entry<ProvisioningTemplate> {

  private static final Pattern VARIABLE = Pattern.compile("\\$\\{([^}]*)}");
  private static final String CLAIM = "claim";
  private static final List<String> OF_CERTIFICATE = List.of("serial", "fingerprint");

  static ProvisioningTemplate read(
      String name, Fields in, @Nullable ProvisioningTemplate earlier, Stamp stamp) {
    in.ignore("name");
    String idTemplate = in.text("deviceIdTemplate", "${id}", 256);
    checkTemplate(in, idTemplate);
    CsrRules rules = CsrRules.read(in.part("csrRules"));
    String pin = in.optional("clientIdPin", 256);
    if (pin != null && pin.isEmpty()) {
      in.problem("clientIdPin", "must not be empty; * allows every Client Identifier");
    }
    return new ProvisioningTemplate(
        name,
        in.text("description", "", 1_024),
        idTemplate,
        in.names("groups", 1_024),
        in.map("attributes", 1_024, 1_024),
        in.texts(
            "policies",
            32,
            135,
            PolicyAttachment::isPolicy,
            "api:NAME, file:NAME or shipped:NAME, or NAME for one of the API"),
        pin,
        in.choice("approval", "automatic", List.of("automatic", "manual")).equals("manual"),
        in.optionalName("ca"),
        (int) in.number("validityHours", 0, 1, AuthorityForm.VALIDITY_HOURS_MAX),
        rules,
        in.flag("enabled", true),
        stamp);
  }

  private static void checkTemplate(Fields in, String template) {
    Set<String> used = new HashSet<>();
    VARIABLE.matcher(template).results().forEach(variable -> used.add(variable.group(1)));
    boolean ofCertificate = !Collections.disjoint(used, OF_CERTIFICATE);
    if (used.isEmpty()) {
      in.problem("deviceIdTemplate", "holds no variable, so that all devices would be the same");
    }
    for (String variable : used) {
      if (!variable.equals("id") && !variable.equals(CLAIM) && !OF_CERTIFICATE.contains(variable)) {
        in.problem(
            "deviceIdTemplate",
            "uses a variable that there is not; use ${id}, ${serial}, ${fingerprint} or ${claim}");
      }
    }
    if (ofCertificate && used.contains(CLAIM)) {
      in.problem(
          "deviceIdTemplate",
          "makes no id: ${claim} is of an enrolment, ${serial} and ${fingerprint} of a first"
              + " connection");
    }
  }

  /**
   * The id of a new device.
   *
   * @param values of the variables
   * @return empty if a variable has no value, or if what results is no device id
   */
  public Optional<String> deviceId(Map<String, String> values) {
    var complete = new boolean[] {true};
    String id =
        VARIABLE
            .matcher(deviceIdTemplate)
            .replaceAll(
                variable -> {
                  String value = values.get(variable.group(1));
                  complete[0] &= value != null;
                  return value == null ? "" : Matcher.quoteReplacement(value);
                });
    return complete[0] && Names.isName(id) ? Optional.of(id) : Optional.empty();
  }

  @Override
  public Kind<ProvisioningTemplate> kind() {
    return Kind.TEMPLATE;
  }

  @Override
  public ProvisioningTemplate withStamp(Stamp other) {
    return new ProvisioningTemplate(
        name,
        description,
        deviceIdTemplate,
        groups,
        attributes,
        policies,
        clientIdPin,
        manualApproval,
        ca,
        validityHours,
        rules,
        enabled,
        other);
  }

  @Override
  public boolean isWithdrawnSince(ProvisioningTemplate earlier) {
    return earlier.enabled && !enabled;
  }

  @Override
  public void write(JsonObject out) {
    out.addProperty("description", description);
    out.addProperty("deviceIdTemplate", deviceIdTemplate);
    out.add("groups", JsonOut.list(groups));
    out.add("attributes", JsonOut.map(attributes));
    out.add("policies", JsonOut.list(policies));
    JsonOut.optional(out, "clientIdPin", clientIdPin);
    out.addProperty("approval", manualApproval ? "manual" : "automatic");
    JsonOut.optional(out, "ca", ca);
    if (validityHours > 0) {
      out.addProperty("validityHours", validityHours);
    }
    out.add("csrRules", rules.toJson());
    out.addProperty("enabled", enabled);
  }
}
