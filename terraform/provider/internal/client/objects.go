package client

import "encoding/json"

// The objects of the API, field by field as its OpenAPI document has them. A pointer is a field that may be left out with a
// meaning of its own, as the document says. Of objects that are put, the tag "api" says what a field is beyond that: "shown" is the
// broker's own and not put, "secret" is put and never shown, and "kept" stays as it is where it is left out, while others get their
// default then.

// Device is a device of the registry.
type Device struct {
	ID              string            `json:"id,omitempty" api:"shown"`
	DisplayName     string            `json:"displayName"`
	Attributes      map[string]string `json:"attributes"`
	Groups          *[]string         `json:"groups,omitempty" api:"kept"`
	Enabled         bool              `json:"enabled"`
	PendingApproval bool              `json:"pendingApproval"`
	ClientIDPin     string            `json:"clientIdPin,omitempty"`
	CreatedAt       string            `json:"createdAt,omitempty" api:"shown"`
	UpdatedAt       string            `json:"updatedAt,omitempty" api:"shown"`
	Revision        int64             `json:"revision,omitempty" api:"shown"`
}

// CertificateRequest asks for a certificate: with exactly one of CSRPEM, CertificatePEM and SealToPEM.
type CertificateRequest struct {
	CSRPEM           string `json:"csrPem,omitempty"`
	CertificatePEM   string `json:"certificatePem,omitempty"`
	SealToPEM        string `json:"sealToPem,omitempty"`
	KeyType          string `json:"keyType,omitempty"`
	CA               string `json:"ca,omitempty"`
	ValidityHours    int64  `json:"validityHours,omitempty"`
	RenewBeforeHours int64  `json:"renewBeforeHours"`
	Replaces         string `json:"replaces,omitempty"`
	Status           string `json:"status,omitempty"`
}

// Certificate is one of the inventory.
type Certificate struct {
	Fingerprint      string `json:"fingerprint"`
	Serial           string `json:"serial"`
	Device           string `json:"device"`
	Name             string `json:"name"`
	CA               string `json:"ca,omitempty"`
	Origin           string `json:"origin"`
	Status           string `json:"status"`
	Subject          string `json:"subject"`
	Issuer           string `json:"issuer"`
	NotBefore        string `json:"notBefore"`
	NotAfter         string `json:"notAfter"`
	RevokedAt        string `json:"revokedAt,omitempty"`
	RevocationReason string `json:"revocationReason,omitempty"`
	CertificatePEM   string `json:"certificatePem,omitempty"`
	ChainPEM         string `json:"chainPem,omitempty"`
	SealedPrivateKey string `json:"sealedPrivateKey,omitempty"`
	CreatedAt        string `json:"createdAt"`
	Revision         int64  `json:"revision"`
}

// DeviceLookup asks for many devices at once, each with its newest certificate of a name.
type DeviceLookup struct {
	IDs         []string `json:"ids"`
	Certificate string   `json:"certificate,omitempty"`
}

// DevicesFound are those that are there.
type DevicesFound struct {
	Items []DeviceFound `json:"items"`
}

// DeviceFound is a device; its certificate is nil if there is none.
type DeviceFound struct {
	Device      Device       `json:"device"`
	Certificate *Certificate `json:"certificate,omitempty"`
}

// CertificateChange switches a certificate on or off.
type CertificateChange struct {
	Status string `json:"status"`
}

// Revoke ends a certificate for good.
type Revoke struct {
	Reason string `json:"reason,omitempty"`
}

// Group is a set of devices.
type Group struct {
	Name        string            `json:"name,omitempty" api:"shown"`
	Description string            `json:"description"`
	Attributes  map[string]string `json:"attributes"`
	MemberCount int64             `json:"memberCount,omitempty" api:"shown"`
	CreatedAt   string            `json:"createdAt,omitempty" api:"shown"`
	UpdatedAt   string            `json:"updatedAt,omitempty" api:"shown"`
	Revision    int64             `json:"revision,omitempty" api:"shown"`
}

// Member says that a device is in a group.
type Member struct {
	Group  string `json:"group"`
	Device string `json:"device"`
}

// JwtIssuer is a signer of tokens that the broker accepts.
type JwtIssuer struct {
	Name               string        `json:"name,omitempty" api:"shown"`
	Issuer             string        `json:"issuer"`
	Audiences          []string      `json:"audiences"`
	JwksURI            string        `json:"jwksUri,omitempty"`
	JwksJSON           string        `json:"jwksJson,omitempty"`
	PublicKeysPEM      []string      `json:"publicKeysPem,omitempty"`
	HmacSecret         string        `json:"hmacSecret,omitempty" api:"secret"`
	Algorithms         []string      `json:"algorithms"`
	ClaimMapping       *ClaimMapping `json:"claimMapping,omitempty"`
	ClockSkewSeconds   int64         `json:"clockSkewSeconds"`
	MaxLifetimeSeconds int64         `json:"maxLifetimeSeconds"`
	AclClaim           string        `json:"aclClaim"`
	Enabled            bool          `json:"enabled"`
	LastRefreshStatus  string        `json:"lastRefreshStatus,omitempty" api:"shown"`
	LastRefreshProblem string        `json:"lastRefreshProblem,omitempty" api:"shown"`
	CreatedAt          string        `json:"createdAt,omitempty" api:"shown"`
	UpdatedAt          string        `json:"updatedAt,omitempty" api:"shown"`
	Revision           int64         `json:"revision,omitempty" api:"shown"`
}

// ClaimMapping says where in a token things stand.
type ClaimMapping struct {
	User       string            `json:"user,omitempty"`
	Device     string            `json:"device,omitempty"`
	Groups     string            `json:"groups,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// TrustedCa is an authority whose client certificates are accepted.
type TrustedCa struct {
	Name                 string           `json:"name,omitempty" api:"shown"`
	CertificatePEM       string           `json:"certificatePem"`
	Enabled              bool             `json:"enabled"`
	AutoRegister         bool             `json:"autoRegister"`
	ProvisioningTemplate string           `json:"provisioningTemplate,omitempty"`
	CrlPEM               string           `json:"crlPem,omitempty"`
	CrlURL               string           `json:"crlUrl,omitempty"`
	Ocsp                 *Ocsp            `json:"ocsp,omitempty"`
	IdentityMapping      *IdentityMapping `json:"identityMapping,omitempty"`
	Fingerprint          string           `json:"fingerprint,omitempty" api:"shown"`
	Subject              string           `json:"subject,omitempty" api:"shown"`
	NotAfter             string           `json:"notAfter,omitempty" api:"shown"`
	CreatedAt            string           `json:"createdAt,omitempty" api:"shown"`
	UpdatedAt            string           `json:"updatedAt,omitempty" api:"shown"`
	Revision             int64            `json:"revision,omitempty" api:"shown"`
}

// Ocsp says whether and where an authority is asked about its certificates.
type Ocsp struct {
	Mode string `json:"mode,omitempty"`
	URL  string `json:"url,omitempty"`
}

// IdentityMapping says where in a certificate the device's id stands.
type IdentityMapping struct {
	Source string `json:"source,omitempty"`
	Prefix string `json:"prefix,omitempty"`
	Suffix string `json:"suffix,omitempty"`
}

// IssuingCa is an authority whose key lives at the broker.
type IssuingCa struct {
	Name               string           `json:"name,omitempty" api:"shown"`
	CommonName         string           `json:"commonName,omitempty"`
	KeyType            string           `json:"keyType,omitempty"`
	AlternativeKeyType string           `json:"alternativeKeyType,omitempty"`
	KeyStore           string           `json:"keyStore,omitempty"`
	Parent             string           `json:"parent,omitempty"`
	Offline            bool             `json:"offline"`
	ValidityHours      int64            `json:"validityHours,omitempty"`
	PathLength         int64            `json:"pathLength"`
	NameConstraints    *NameConstraints `json:"nameConstraints,omitempty"`
	Enabled            bool             `json:"enabled"`
	Successor          string           `json:"successor,omitempty"`
	State              string           `json:"state,omitempty" api:"shown"`
	CertificatePEM     string           `json:"certificatePem,omitempty" api:"shown"`
	ChainPEM           string           `json:"chainPem,omitempty" api:"shown"`
	CSRPEM             string           `json:"csrPem,omitempty" api:"shown"`
	Fingerprint        string           `json:"fingerprint,omitempty" api:"shown"`
	NotAfter           string           `json:"notAfter,omitempty" api:"shown"`
	CreatedAt          string           `json:"createdAt,omitempty" api:"shown"`
	UpdatedAt          string           `json:"updatedAt,omitempty" api:"shown"`
	Revision           int64            `json:"revision,omitempty" api:"shown"`
}

// NameConstraints are the names that an authority and those below it may certify.
type NameConstraints struct {
	PermittedDNS      []string `json:"permittedDns,omitempty"`
	ExcludedDNS       []string `json:"excludedDns,omitempty"`
	PermittedIP       []string `json:"permittedIp,omitempty"`
	ExcludedIP        []string `json:"excludedIp,omitempty"`
	PermittedURIHosts []string `json:"permittedUriHosts,omitempty"`
	ExcludedURIHosts  []string `json:"excludedUriHosts,omitempty"`
	PermittedEmails   []string `json:"permittedEmails,omitempty"`
	ExcludedEmails    []string `json:"excludedEmails,omitempty"`
}

// CaCertificate is what an offline root has signed.
type CaCertificate struct {
	ChainPEM string `json:"chainPem"`
}

// ProvisioningTemplate makes devices of what enrols or connects for the first time.
type ProvisioningTemplate struct {
	Name             string            `json:"name,omitempty" api:"shown"`
	Description      string            `json:"description"`
	DeviceIDTemplate string            `json:"deviceIdTemplate"`
	Groups           []string          `json:"groups"`
	Attributes       map[string]string `json:"attributes"`
	Policies         []string          `json:"policies"`
	ClientIDPin      string            `json:"clientIdPin,omitempty"`
	Approval         string            `json:"approval"`
	CA               string            `json:"ca,omitempty"`
	ValidityHours    int64             `json:"validityHours,omitempty"`
	CSRRules         *CSRRules         `json:"csrRules,omitempty"`
	Enabled          bool              `json:"enabled"`
	CreatedAt        string            `json:"createdAt,omitempty" api:"shown"`
	UpdatedAt        string            `json:"updatedAt,omitempty" api:"shown"`
	Revision         int64             `json:"revision,omitempty" api:"shown"`
}

// CSRRules says what a signing request of an enrolling device may hold.
type CSRRules struct {
	KeyTypes            []string `json:"keyTypes,omitempty"`
	OrganizationalUnits []string `json:"organizationalUnits,omitempty"`
	DNSDomains          []string `json:"dnsDomains,omitempty"`
	URIPrefixes         []string `json:"uriPrefixes,omitempty"`
}

// ClaimToken lets devices enrol.
type ClaimToken struct {
	Name         string   `json:"name,omitempty" api:"shown"`
	Template     string   `json:"template"`
	Secret       string   `json:"secret,omitempty" api:"secret"`
	Hint         string   `json:"hint,omitempty" api:"shown"`
	MaxUses      int64    `json:"maxUses"`
	Uses         int64    `json:"uses,omitempty" api:"shown"`
	ExpiresAt    string   `json:"expiresAt,omitempty"`
	AllowedCidrs []string `json:"allowedCidrs"`
	Enabled      bool     `json:"enabled"`
	CreatedAt    string   `json:"createdAt,omitempty" api:"shown"`
	UpdatedAt    string   `json:"updatedAt,omitempty" api:"shown"`
	Revision     int64    `json:"revision,omitempty" api:"shown"`
}

// Policy is an access policy of the API. What is put is its document alone.
type Policy struct {
	Name           string          `json:"name,omitempty" api:"shown"`
	Ref            string          `json:"ref,omitempty" api:"shown"`
	Description    string          `json:"description,omitempty" api:"shown"`
	Mode           string          `json:"mode,omitempty" api:"shown"`
	StatementCount int64           `json:"statementCount,omitempty" api:"shown"`
	Sha256         string          `json:"sha256,omitempty" api:"shown"`
	Format         string          `json:"format,omitempty" api:"shown"`
	Document       string          `json:"document"`
	Policy         json.RawMessage `json:"policy,omitempty" api:"shown"`
	CreatedAt      string          `json:"createdAt,omitempty" api:"shown"`
	UpdatedAt      string          `json:"updatedAt,omitempty" api:"shown"`
	Revision       int64           `json:"revision,omitempty" api:"shown"`
}

func (p *Policy) mediaType() string {
	if json.Valid([]byte(p.Document)) {
		return "application/json"
	}
	return "application/yaml"
}

// Attachment binds a policy to somebody.
type Attachment struct {
	Policy    string `json:"policy"`
	Kind      string `json:"kind"`
	Target    string `json:"target"`
	Effective bool   `json:"effective"`
	CreatedAt string `json:"createdAt"`
	UpdatedAt string `json:"updatedAt"`
	Revision  int64  `json:"revision"`
}

// PolicyValidation says whether a policy could be put as it is.
type PolicyValidation struct {
	Valid    bool            `json:"valid"`
	Problems []PolicyFault   `json:"problems"`
	Warnings []PolicyWarning `json:"warnings"`
	Policy   json.RawMessage `json:"policy,omitempty"`
	Sha256   string          `json:"sha256,omitempty"`
}

// PolicyFault is a place of a policy and what is wrong there; line 0 is no place.
type PolicyFault struct {
	File    string `json:"file"`
	Line    int64  `json:"line"`
	Column  int64  `json:"column"`
	Message string `json:"message"`
}

// PolicyWarning is a place that is valid and probably not meant.
type PolicyWarning struct {
	File      string `json:"file"`
	Line      int64  `json:"line"`
	Column    int64  `json:"column"`
	Rule      string `json:"rule"`
	Statement string `json:"statement"`
	Message   string `json:"message"`
}

// PolicyClient says which client is meant, by exactly one of its first three fields.
type PolicyClient struct {
	Device         string          `json:"device,omitempty"`
	CertificatePEM string          `json:"certificatePem,omitempty"`
	Client         json.RawMessage `json:"client,omitempty"`
	Token          string          `json:"token,omitempty"`
	ClientID       string          `json:"clientId,omitempty"`
	Source         string          `json:"source,omitempty"`
	Listener       string          `json:"listener,omitempty"`
	Transport      string          `json:"transport,omitempty"`
}

// PolicyQuestion says which client is meant, as PolicyClient does, and what it asks for.
type PolicyQuestion struct {
	Action         string          `json:"action"`
	Topic          string          `json:"topic,omitempty"`
	Qos            int64           `json:"qos"`
	Retain         bool            `json:"retain"`
	PayloadBytes   int64           `json:"payloadBytes"`
	Device         string          `json:"device,omitempty"`
	CertificatePEM string          `json:"certificatePem,omitempty"`
	Client         json.RawMessage `json:"client,omitempty"`
	Token          string          `json:"token,omitempty"`
	ClientID       string          `json:"clientId,omitempty"`
	Source         string          `json:"source,omitempty"`
	Listener       string          `json:"listener,omitempty"`
	Transport      string          `json:"transport,omitempty"`
}

// PolicyDecision is what the policies in force say to a question.
type PolicyDecision struct {
	Allowed    bool     `json:"allowed"`
	Reason     string   `json:"reason"`
	Statement  string   `json:"statement"`
	Text       string   `json:"text"`
	Bundle     string   `json:"bundle"`
	GrantedQos int64    `json:"grantedQos,omitempty"`
	ClientID   string   `json:"clientId,omitempty"`
	Policies   []string `json:"policies,omitempty"`
	Notes      []string `json:"notes,omitempty"`
}

// User has a password.
type User struct {
	Name              string   `json:"name,omitempty" api:"shown"`
	Password          string   `json:"password,omitempty" api:"secret"`
	Groups            []string `json:"groups"`
	Enabled           bool     `json:"enabled"`
	PasswordChangedAt string   `json:"passwordChangedAt,omitempty" api:"shown"`
	CreatedAt         string   `json:"createdAt,omitempty" api:"shown"`
	UpdatedAt         string   `json:"updatedAt,omitempty" api:"shown"`
	Revision          int64    `json:"revision,omitempty" api:"shown"`
}

// AccessTokenRequest asks for a token of a client.
type AccessTokenRequest struct {
	Subject    string   `json:"subject"`
	Groups     []string `json:"groups"`
	TTLSeconds int64    `json:"ttlSeconds,omitempty"`
}

// EnrolmentTokenRequest asks for a token of one device or one template.
type EnrolmentTokenRequest struct {
	Device     string `json:"device,omitempty"`
	Template   string `json:"template,omitempty"`
	TTLSeconds int64  `json:"ttlSeconds,omitempty"`
}

// Token is shown once.
type Token struct {
	Token     string `json:"token"`
	Jti       string `json:"jti"`
	ExpiresAt string `json:"expiresAt"`
}

// ServerInfo is about the broker.
type ServerInfo struct {
	Version   string           `json:"version"`
	StartedAt string           `json:"startedAt"`
	You       You              `json:"you"`
	Limits    ServerLimits     `json:"limits"`
	Counts    map[string]int64 `json:"counts"`
}

// You is who asks.
type You struct {
	Actor string   `json:"actor"`
	Roles []string `json:"roles"`
}

// ServerLimits bound requests.
type ServerLimits struct {
	BatchOperationsMax      int64 `json:"batchOperationsMax"`
	BodyBytesMax            int64 `json:"bodyBytesMax"`
	TokenLifetimeSecondsMax int64 `json:"tokenLifetimeSecondsMax"`
}

// Endpoint is one listener of the broker.
type Endpoint struct {
	Listener string `json:"listener"`
	Type     string `json:"type"`
	Address  string `json:"address"`
	Port     int64  `json:"port"`
	URL      string `json:"url,omitempty"`
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}
