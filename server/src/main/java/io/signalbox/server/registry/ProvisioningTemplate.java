package io.signalbox.server.registry;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a device that enrols, or connects for the first time.
 *
 * @param deviceIdTemplate text with {@code ${id}}, {@code ${serial}}, {@code ${fingerprint}},
 *     {@code ${claim}} and {@code ${param.NAME}}
 * @param parameters that an enrolling device must give
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
    List<String> parameters,
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
  private static final List<String> VARIABLES = List.of("id", "serial", "fingerprint", "claim");
  private static final String PARAMETER = "param.";

  static ProvisioningTemplate read(
      String name, Fields in, @Nullable ProvisioningTemplate earlier, Stamp stamp) {
    in.ignore("name");
    List<String> parameters = in.names("parameters", 32);
    String idTemplate = in.text("deviceIdTemplate", "${id}", 256);
    checkTemplate(in, idTemplate, parameters);
    CsrRules rules = CsrRules.read(in.part("csrRules"));
    String pin = in.optional("clientIdPin", 256);
    if (pin != null && pin.isEmpty()) {
      in.problem("clientIdPin", "must not be empty; * allows every Client Identifier");
    }
    return new ProvisioningTemplate(
        name,
        in.text("description", "", 1_024),
        idTemplate,
        parameters,
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

  private static void checkTemplate(Fields in, String template, List<String> parameters) {
    Matcher variables = VARIABLE.matcher(template);
    boolean any = false;
    while (variables.find()) {
      any = true;
      String variable = variables.group(1);
      boolean known =
          VARIABLES.contains(variable)
              || (variable.startsWith(PARAMETER)
                  && parameters.contains(variable.substring(PARAMETER.length())));
      if (!known) {
        in.problem(
            "deviceIdTemplate",
            "uses a variable that there is not; use ${id}, ${serial}, ${fingerprint}, ${claim} or"
                + " ${param.NAME} with a name of \"parameters\"");
      }
    }
    if (!any) {
      in.problem("deviceIdTemplate", "holds no variable, so that all devices would be the same");
    }
  }

  /**
   * The id of a new device.
   *
   * @param values of the variables, parameters as {@code param.NAME}
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
        parameters,
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
  public void write(JsonObject out) {
    out.addProperty("description", description);
    out.addProperty("deviceIdTemplate", deviceIdTemplate);
    out.add("parameters", JsonOut.list(parameters));
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
