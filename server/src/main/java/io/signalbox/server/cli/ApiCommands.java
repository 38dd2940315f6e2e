package io.signalbox.server.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The commands on the admin API, put together from a few kinds. */
final class ApiCommands {
  private ApiCommands() {}

  /** Each by its name, in the order of the help. */
  static Map<String, Supplier<CommandLine>> branches() {
    Map<String, Supplier<CommandLine>> all = new LinkedHashMap<>();
    all.put("device", ApiCommands::devices);
    all.put("group", ApiCommands::groups);
    all.put("cert", ApiCommands::certificates);
    all.put("ca", ApiCommands::authorities);
    all.put("issuer", ApiCommands::issuers);
    all.put("template", ApiCommands::templates);
    all.put("claim", ApiCommands::claims);
    all.put("user", ApiCommands::users);
    all.put("client", ApiCommands::clients);
    return all;
  }

  private static CommandLine devices() {
    String path = "/devices";
    var group = group("Devices in the registry of a running broker.");
    list(group, "device", path, List.of("id", "displayName", "enabled", "groups"));
    put(
        group,
        "add",
        true,
        "Make one; fails if it exists. From then on it connects under its own id as Client"
            + " Identifier alone, and one that is connected under another, such as p7:logs, is cut"
            + " off, unless clientIdPin allows more: clientIdPin=p7* names what they begin with.",
        path,
        Map.of(),
        "device add p7 --set displayName=\"Pump 7\" --set groups=pumps --set 'clientIdPin=p7*'");
    set(group, "device", path, "p7 --set attributes='{\"site\":\"north\"}'");
    put(
        group,
        "enable",
        "Let a device connect.",
        path,
        Map.of("enabled", "true"),
        "device enable p7");
    put(
        group,
        "disable",
        "Refuse a device and end its connections.",
        path,
        Map.of("enabled", "false"),
        "device disable p7");
    put(
        group,
        "approve",
        "Let a device connect that provisioning has registered for approval.",
        path,
        Map.of("pendingApproval", "false"),
        "device approve p7");
    delete(group, "device", path, "p7");
    return group;
  }

  private static CommandLine groups() {
    String path = "/groups";
    var group = group("Groups of devices.");
    list(group, "group", path, List.of("name", "description", "memberCount"));
    add(group, "group", path, "pumps --set description=\"All pumps\"");
    set(group, "group", path, "pumps --set attributes='{\"site\":\"north\"}'");
    action(
        group,
        "members",
        "List the ids of the devices in a group.",
        new ApiMembersCommand(),
        "group members pumps");
    action(
        group,
        "join",
        "Put a device into a group.",
        new ApiActionCommand("PUT", "/groups/{}/members/{}", null),
        "group join pumps p7");
    action(
        group,
        "leave",
        "Take a device out of a group.",
        new ApiActionCommand("DELETE", "/groups/{}/members/{}", null),
        "group leave pumps p7");
    delete(group, "group", path, "pumps");
    return group;
  }

  private static CommandLine certificates() {
    String path = "/certificates";
    var group = group("Certificates of devices: the inventory of a running broker.");
    list(group, "cert", path, List.of("fingerprint", "device", "name", "status", "notAfter"));
    action(
        group,
        "issue",
        "Issue a certificate from a signing request, or register one made elsewhere.",
        new CertIssueCommand(),
        "cert issue p7 --csr p7.csr --out p7.crt");
    action(
        group,
        "revoke",
        "Revoke a certificate for good; its connections end.",
        new ApiActionCommand("POST", "/certificates/{}/revoke", Map.of()),
        "cert revoke FINGERPRINT --set reason=keyCompromise");
    action(
        group,
        "disable",
        "Switch a certificate off; its connections end.",
        new ApiActionCommand("PUT", "/certificates/{}", Map.of("status", "inactive")),
        "cert disable FINGERPRINT");
    action(
        group,
        "enable",
        "Switch a certificate on again.",
        new ApiActionCommand("PUT", "/certificates/{}", Map.of("status", "active")),
        "cert enable FINGERPRINT");
    delete(group, "cert", path, "FINGERPRINT");
    return group;
  }

  private static CommandLine authorities() {
    String path = "/issuing-cas";
    var group = group("Certificate authorities: those of the broker, and those that it trusts.");
    list(group, "ca", path, List.of("name", "commonName", "state", "enabled", "notAfter"));
    add(group, "ca", path, "factory --set keyType=ec-p384 --set offline=true");
    set(group, "ca", path, "factory --set successor=factory-2");
    put(
        group,
        "enable",
        "Let an authority issue.",
        path,
        Map.of("enabled", "true"),
        "ca enable factory");
    put(
        group,
        "disable",
        "Let an authority issue nothing and refuse what it issued.",
        path,
        Map.of("enabled", "false"),
        "ca disable factory");
    action(
        group,
        "install",
        "Install the certificate that an offline root has signed.",
        new ApiActionCommand("PUT", "/issuing-cas/{}/certificate", Map.of()),
        "ca install factory --set chainPem=@factory-chain.pem");
    action(
        group,
        "crl",
        "Print a fresh certificate revocation list.",
        new ApiActionCommand("GET", "/issuing-cas/{}/crl", null),
        "ca crl factory > factory.crl.pem");
    delete(group, "ca", path, "factory");
    trusted(group);
    put(
        group,
        "trust",
        true,
        "Trust an authority elsewhere.",
        "/trusted-cas",
        Map.of(),
        "ca trust acme --set certificatePem=@acme.pem");
    action(
        group,
        "untrust",
        "Trust an authority no longer; connections with its certificates end.",
        new ApiActionCommand("DELETE", "/trusted-cas/{}", null),
        "ca untrust acme");
    return group;
  }

  /** Those elsewhere: a list by itself, and what is done with one of it. */
  private static void trusted(CommandLine authorities) {
    String path = "/trusted-cas";
    var group =
        add(
            authorities,
            "trusted",
            new ApiListCommand(path, List.of("name", "subject", "enabled", "notAfter")));
    describe(
        group,
        "List the authorities elsewhere that are trusted, or show or change one.",
        "ca trusted",
        "ca trusted set acme --set crlUrl=http://pki.acme.example/ca.crl");
    describe(add(group, "get", new ApiGetCommand(path)), "Show one.", "ca trusted get acme --json");
    set(group, "ca trusted", path, "acme --set crlUrl=http://pki.acme.example/ca.crl");
    put(
        group,
        "enable",
        "Accept certificates of an authority elsewhere.",
        path,
        Map.of("enabled", "true"),
        "ca trusted enable acme");
    put(
        group,
        "disable",
        "Refuse certificates of an authority elsewhere; connections with them end.",
        path,
        Map.of("enabled", "false"),
        "ca trusted disable acme");
  }

  private static CommandLine issuers() {
    return entries(
        "issuer",
        "Issuers of JSON Web Tokens that a broker accepts.",
        "/jwt-issuers",
        List.of("name", "issuer", "audiences", "algorithms", "enabled"),
        "login --set issuer=https://login.example --set audiences=iot --set algorithms=ES256"
            + " --set jwksUri=https://login.example/jwks.json",
        "login --set enabled=false");
  }

  private static CommandLine templates() {
    return entries(
        "template",
        "Provisioning templates: what becomes of a device that enrols or connects at first.",
        "/provisioning-templates",
        List.of("name", "deviceIdTemplate", "groups", "approval", "ca", "enabled"),
        "pumps --set groups=pumps --set approval=manual",
        "pumps --set csrRules='{\"dnsDomains\":[\"pumps.example\"]}'");
  }

  private static CommandLine claims() {
    return entries(
        "claim",
        "Claim tokens, with which devices without a certificate enrol.",
        "/claim-tokens",
        List.of("name", "template", "uses", "maxUses", "expiresAt"),
        "line-3 --set template=pumps --set maxUses=500 --set secret=@claim.secret",
        "line-3 --set enabled=false");
  }

  private static CommandLine users() {
    return entries(
        "user",
        "Users with a password, who log in over MQTT.",
        "/users",
        List.of("name", "groups", "enabled", "passwordChangedAt"),
        "alice --set password=@alice.password --set groups=staff",
        "alice --set enabled=false");
  }

  private static CommandLine clients() {
    String path = "/clients";
    var group = group("Clients that are connected to a running broker.");
    list(group, "client", path, List.of("clientId", "principal", "remote", "protocolVersion"));
    action(
        group,
        "disconnect",
        "End a client's connection; it may connect again.",
        new ApiActionCommand("POST", "/clients/{}/disconnect", Map.of()),
        "client disconnect p7 --set reason=maintenance");
    return group;
  }

  /** Policies of a running broker, beside the commands on files. */
  static void addPolicies(CommandLine group) {
    describe(
        add(
            group,
            "list",
            new ApiListCommand(
                "/policies", List.of("name", "mode", "statementCount", "description"))),
        "List the policies that a running broker has from its API.",
        "policy list",
        "policy list --json");
    action(
        group,
        "show",
        "Print a policy as it was put, or with --json what the API says of it.",
        new PolicyShowCommand(),
        "policy show pump > pump.policy.yaml");
    action(
        group,
        "put",
        "Put a policy in force in a running broker, new or in place of the one of that name.",
        new PolicyPutCommand(),
        "policy put pump.policy.yaml");
    action(
        group,
        "rm",
        "Remove a policy that is attached to nobody.",
        new ApiActionCommand("DELETE", "/policies/{}", null),
        "policy rm pump");
    String kinds = "KIND is device, group, user, certificate or jwt-issuer.";
    action(
        group,
        "attach",
        "Attach a policy: POLICY KIND TARGET. " + kinds,
        new ApiActionCommand("PUT", "/attachments/{}/{}/{}", null),
        "policy attach api:pump device p7");
    action(
        group,
        "detach",
        "Take an attachment back: POLICY KIND TARGET. " + kinds,
        new ApiActionCommand("DELETE", "/attachments/{}/{}/{}", null),
        "policy detach api:pump device p7");
    describe(
        add(
            group,
            "attachments",
            new ApiListCommand("/attachments", List.of("policy", "kind", "target", "effective"))),
        "List whom policies are attached to.",
        "policy attachments --where policy=api:pump");
    action(
        group,
        "authorize",
        "Ask a running broker whether a client may do something. Exit code 0: yes, 1: no;"
            + " any other: no answer.",
        new PolicyAuthorizeCommand(),
        "policy authorize publish pump/p7/data --device p7");
    describe(
        add(
            group,
            "revisions",
            new ApiListCommand("/policy-revisions", List.of("number", "at", "author", "cause"))),
        "List the changes of a running broker's policies, newest first.",
        "policy revisions",
        "policy revisions --json");
    action(
        group,
        "revision",
        "Print what a revision changed, with the contents before and after.",
        new ApiActionCommand("GET", "/policy-revisions/{}", null),
        "policy revision 12");
    action(
        group,
        "rollback",
        "Make the API's policies and attachments what they were at a revision: a new revision, in"
            + " force at once.",
        new PolicyRollbackCommand(),
        "policy rollback 11 --dry-run");
  }

  // ---- kinds

  private static CommandLine group(String description) {
    var group = new CommandLine(new Group());
    group
        .getCommandSpec()
        .usageMessage()
        .description(description)
        .synopsisSubcommandLabel("COMMAND");
    return group;
  }

  /** A kind that is listed, made, changed and removed, and nothing else. */
  private static CommandLine entries(
      String kind,
      String description,
      String path,
      List<String> columns,
      String addExample,
      String setExample) {
    var group = group(description);
    list(group, kind, path, columns);
    add(group, kind, path, addExample);
    set(group, kind, path, setExample);
    delete(group, kind, path, addExample.substring(0, addExample.indexOf(' ')));
    return group;
  }

  /** Does nothing by itself. */
  @CommandLine.Command
  private static final class Group {}

  private static void list(CommandLine group, String of, String path, List<String> columns) {
    describe(
        add(group, "list", new ApiListCommand(path, columns)),
        "List them, as a table or as JSON.",
        of + " list",
        of + " list --json --limit 10");
    describe(
        add(group, "get", new ApiGetCommand(path)),
        "Show one.",
        of + " get NAME",
        of + " get NAME --json");
  }

  private static void add(CommandLine group, String of, String path, String example) {
    put(
        group,
        "add",
        true,
        "Make one; fails if it exists.",
        path,
        Map.of(),
        of + " add " + example);
  }

  private static void set(CommandLine group, String of, String path, String example) {
    put(
        group,
        "set",
        false,
        "Change fields of one; the others stay.",
        path,
        Map.of(),
        of + " set " + example);
  }

  private static void delete(CommandLine group, String of, String path, String name) {
    action(
        group,
        "delete",
        "Remove one.",
        new ApiActionCommand("DELETE", path + "/{}", null),
        of + " delete " + name);
  }

  private static void put(
      CommandLine group,
      String name,
      String description,
      String path,
      Map<String, String> fixed,
      String example) {
    put(group, name, false, description, path, fixed, example);
  }

  private static void put(
      CommandLine group,
      String name,
      boolean create,
      String description,
      String path,
      Map<String, String> fixed,
      String example) {
    describe(add(group, name, new ApiPutCommand(path, create, fixed)), description, example);
  }

  private static void action(
      CommandLine group, String name, String description, ApiCommand command, String example) {
    describe(add(group, name, command), description, example);
  }

  private static CommandLine add(CommandLine group, String name, ApiCommand command) {
    var line = new CommandLine(command);
    if (command instanceof ApiActionCommand action && !action.hasBody()) {
      line.getCommandSpec().remove(line.getCommandSpec().findOption("--set"));
    }
    group.addSubcommand(name, line);
    return line;
  }

  private static void describe(CommandLine line, String description, String... examples) {
    UsageMessageSpec usage = line.getCommandSpec().usageMessage();
    usage.description(description);
    usage.footerHeading("%nExamples:%n");
    String[] footer = new String[examples.length];
    for (int i = 0; i < examples.length; i++) {
      footer[i] = "  signalbox " + examples[i].replace("%", "%%");
    }
    usage.footer(footer);
  }
}
