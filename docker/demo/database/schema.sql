-- The shop's schema as production has it today, grown since 2011: some relations
-- are declared, some live only in the PHP models, some only in people's heads.
-- Its zero dates need a session without strict mode, wherever it is loaded.

SET NAMES utf8mb4;
SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION';

CREATE TABLE countries (
  code        CHAR(2)      NOT NULL,
  name        VARCHAR(80)  NOT NULL,
  in_eu       TINYINT(1)   NOT NULL DEFAULT 0,
  PRIMARY KEY (code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE tax_rates (
  country_code CHAR(2)       NOT NULL,
  tax_class    ENUM('standard','reduced','zero') NOT NULL,
  rate         DECIMAL(5,4)  NOT NULL,
  valid_from   DATE          NOT NULL,
  PRIMARY KEY (country_code, tax_class),
  CONSTRAINT tax_rates_country FOREIGN KEY (country_code) REFERENCES countries (code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE admin_users (
  id            INT UNSIGNED NOT NULL AUTO_INCREMENT,
  username      VARCHAR(40)  NOT NULL,
  full_name     VARCHAR(80)  NOT NULL,
  email         VARCHAR(120) NOT NULL,
  password_hash VARCHAR(255) NOT NULL,
  manager_id    INT UNSIGNED NULL COMMENT 'self reference; the boss manages herself',
  last_login_at DATETIME     NULL,
  last_login_ip VARBINARY(16) NULL COMMENT 'inet6_aton',
  PRIMARY KEY (id),
  UNIQUE KEY admin_users_username (username),
  CONSTRAINT admin_users_manager FOREIGN KEY (manager_id) REFERENCES admin_users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- email is compared byte by byte since 2014 (a migration nobody remembers);
-- login came with self-service in 2019 and is compared the human way.
CREATE TABLE customers (
  id             INT UNSIGNED NOT NULL AUTO_INCREMENT,
  number         CHAR(10)     NOT NULL COMMENT 'printed on invoices: K-0000042',
  email          VARCHAR(120) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  login          VARCHAR(120) NULL,
  password_hash  VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'bcrypt, or sha1:<salt>:<hex> before 2016',
  salutation     ENUM('','Frau','Herr','Firma') NOT NULL DEFAULT '',
  first_name     VARCHAR(60)  NOT NULL DEFAULT '',
  last_name      VARCHAR(60)  NOT NULL DEFAULT '',
  company        VARCHAR(100) NULL,
  vat_id         VARCHAR(20)  NULL,
  birth_date     DATE         NULL,
  phone          VARCHAR(40)  NULL,
  iban           VARCHAR(34)  NULL,
  country_code   CHAR(2)      NOT NULL DEFAULT 'DE',
  referred_by    INT UNSIGNED NULL COMMENT 'self reference',
  legacy_no      INT          NULL COMMENT 'legacy_customers.KdNr, never declared',
  preferences    TEXT         NULL COMMENT 'PHP serialize()',
  newsletter     TINYINT(1)   NOT NULL DEFAULT 0,
  created_at     DATETIME     NOT NULL DEFAULT '0000-00-00 00:00:00',
  updated_at     TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  deleted_at     DATETIME     NULL,
  PRIMARY KEY (id),
  UNIQUE KEY customers_number (number),
  UNIQUE KEY customers_email (email),
  UNIQUE KEY customers_login (login),
  KEY customers_name (last_name, first_name),
  CONSTRAINT customers_country FOREIGN KEY (country_code) REFERENCES countries (code),
  CONSTRAINT customers_referrer FOREIGN KEY (referred_by) REFERENCES customers (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE addresses (
  id           INT UNSIGNED NOT NULL AUTO_INCREMENT,
  customer_id  INT UNSIGNED NOT NULL,
  kind         ENUM('invoice','delivery') NOT NULL,
  name         VARCHAR(120) NOT NULL,
  street       VARCHAR(120) NOT NULL,
  postcode     VARCHAR(12)  NOT NULL,
  city         VARCHAR(80)  NOT NULL,
  country_code CHAR(2)      NOT NULL,
  latitude     FLOAT        NULL,
  longitude    FLOAT        NULL,
  PRIMARY KEY (id),
  KEY addresses_city (city),
  CONSTRAINT addresses_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
  CONSTRAINT addresses_country FOREIGN KEY (country_code) REFERENCES countries (code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- The old ERP's customer file, imported every night until 2015. latin1, MyISAM, German names.
CREATE TABLE legacy_customers (
  KdNr     INT          NOT NULL,
  Name1    VARCHAR(40)  NOT NULL DEFAULT '',
  Name2    VARCHAR(40)  NOT NULL DEFAULT '',
  Strasse  VARCHAR(40)  NOT NULL DEFAULT '',
  PLZOrt   VARCHAR(50)  NOT NULL DEFAULT '',
  Umsatz   FLOAT        NOT NULL DEFAULT 0,
  Bemerkung TEXT        NULL,
  PRIMARY KEY (KdNr)
) ENGINE=MyISAM DEFAULT CHARSET=latin1 COLLATE=latin1_german1_ci;

CREATE TABLE suppliers (
  id         SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name       VARCHAR(100) NOT NULL,
  email      VARCHAR(120) NOT NULL,
  contact    VARCHAR(80)  NULL,
  iban       VARCHAR(34)  NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE categories (
  id        INT UNSIGNED NOT NULL AUTO_INCREMENT,
  parent_id INT UNSIGNED NULL,
  slug      VARCHAR(80)  NOT NULL,
  name      VARCHAR(80)  NOT NULL,
  position  SMALLINT     NOT NULL DEFAULT 0,
  PRIMARY KEY (id),
  UNIQUE KEY categories_slug (slug),
  CONSTRAINT categories_parent FOREIGN KEY (parent_id) REFERENCES categories (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE products (
  id           INT UNSIGNED NOT NULL AUTO_INCREMENT,
  sku          VARCHAR(24)  CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  supplier_id  SMALLINT UNSIGNED NOT NULL,
  name         VARCHAR(150) NOT NULL,
  description  TEXT         NULL,
  details      LONGTEXT     NULL CHECK (details IS NULL OR JSON_VALID(details)),
  price        DECIMAL(10,2) NOT NULL,
  tax_class    ENUM('standard','reduced','zero') NOT NULL DEFAULT 'standard',
  weight_kg    FLOAT        NULL,
  flags        BIT(4)       NOT NULL DEFAULT b'0000' COMMENT 'sale, bulky, age check, digital',
  channels     SET('web','shop','marketplace') NOT NULL DEFAULT 'web',
  replaced_by  INT UNSIGNED NULL COMMENT 'self reference',
  available_on DATE         NOT NULL DEFAULT '0000-00-00',
  active       TINYINT(1)   NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY products_sku (sku),
  FULLTEXT KEY products_text (name, description),
  CONSTRAINT products_supplier FOREIGN KEY (supplier_id) REFERENCES suppliers (id),
  CONSTRAINT products_successor FOREIGN KEY (replaced_by) REFERENCES products (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE product_categories (
  product_id  INT UNSIGNED NOT NULL,
  category_id INT UNSIGNED NOT NULL,
  position    SMALLINT     NOT NULL DEFAULT 0,
  PRIMARY KEY (product_id, category_id),
  CONSTRAINT product_categories_product FOREIGN KEY (product_id) REFERENCES products (id),
  CONSTRAINT product_categories_category FOREIGN KEY (category_id) REFERENCES categories (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE attributes (
  code  VARCHAR(40) NOT NULL,
  label VARCHAR(80) NOT NULL,
  unit  VARCHAR(12) NULL,
  PRIMARY KEY (code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE product_attribute_values (
  product_id     INT UNSIGNED NOT NULL,
  attribute_code VARCHAR(40)  NOT NULL,
  value          VARCHAR(200) NOT NULL,
  PRIMARY KEY (product_id, attribute_code),
  CONSTRAINT pav_product FOREIGN KEY (product_id) REFERENCES products (id),
  CONSTRAINT pav_attribute FOREIGN KEY (attribute_code) REFERENCES attributes (code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE product_prices (
  product_id INT UNSIGNED  NOT NULL,
  valid_from DATETIME(3)   NOT NULL,
  price      DECIMAL(10,2) NOT NULL,
  changed_by INT UNSIGNED  NULL COMMENT 'admin_users.id, never declared',
  PRIMARY KEY (product_id, valid_from),
  CONSTRAINT product_prices_product FOREIGN KEY (product_id) REFERENCES products (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE stock_movements (
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  product_id INT UNSIGNED NOT NULL COMMENT 'never declared',
  quantity   INT          NOT NULL,
  reason     VARCHAR(40)  NOT NULL,
  moved_at   DATETIME     NOT NULL,
  PRIMARY KEY (id),
  KEY stock_movements_product (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE coupons (
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT,
  code       VARCHAR(20)  NOT NULL,
  percent    DECIMAL(4,1) NOT NULL,
  valid_until DATE        NULL,
  max_uses   INT          NULL,
  PRIMARY KEY (id),
  UNIQUE KEY coupons_code (code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE orders (
  id                  INT UNSIGNED  NOT NULL AUTO_INCREMENT,
  customer_id         INT UNSIGNED  NOT NULL,
  invoice_address_id  INT UNSIGNED  NOT NULL,
  delivery_address_id INT UNSIGNED  NULL,
  coupon_code         VARCHAR(20)   NULL COMMENT 'to a unique key that is no primary key',
  status              ENUM('new','paid','packed','shipped','delivered','returned','cancelled') NOT NULL DEFAULT 'new',
  ordered_at          DATETIME      NOT NULL,
  delivery_date       DATE          NOT NULL DEFAULT '0000-00-00',
  total               DECIMAL(12,2) NOT NULL DEFAULT 0.00,
  currency            CHAR(3)       NOT NULL DEFAULT 'EUR',
  gift_note           TEXT          NULL,
  client_ip           VARCHAR(45)   NULL,
  user_agent          VARCHAR(255)  NULL,
  PRIMARY KEY (id),
  KEY orders_ordered_at (ordered_at),
  CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id),
  CONSTRAINT orders_invoice_address FOREIGN KEY (invoice_address_id) REFERENCES addresses (id),
  CONSTRAINT orders_delivery_address FOREIGN KEY (delivery_address_id) REFERENCES addresses (id),
  CONSTRAINT orders_coupon FOREIGN KEY (coupon_code) REFERENCES coupons (code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE order_items (
  order_id   INT UNSIGNED  NOT NULL,
  line_no    SMALLINT UNSIGNED NOT NULL,
  product_id INT UNSIGNED  NOT NULL,
  quantity   INT           NOT NULL,
  unit_price DECIMAL(10,2) NOT NULL,
  line_total DECIMAL(12,2) AS (quantity * unit_price) STORED,
  options    LONGTEXT      NULL CHECK (options IS NULL OR JSON_VALID(options)),
  PRIMARY KEY (order_id, line_no),
  CONSTRAINT order_items_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
  CONSTRAINT order_items_product FOREIGN KEY (product_id) REFERENCES products (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE order_status_history (
  order_id   INT UNSIGNED NOT NULL,
  changed_at TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP,
  old_status VARCHAR(12)  NOT NULL,
  new_status VARCHAR(12)  NOT NULL,
  KEY order_status_history_order (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='no primary key';

CREATE TABLE payments (
  id           INT UNSIGNED  NOT NULL AUTO_INCREMENT,
  order_id     INT UNSIGNED  NOT NULL,
  method       ENUM('card','invoice','paypal','sepa') NOT NULL,
  amount       DECIMAL(12,2) NOT NULL,
  fee          DOUBLE        NOT NULL DEFAULT 0,
  card_last4   CHAR(4)       NULL,
  card_holder  VARCHAR(80)   NULL,
  iban         VARCHAR(34)   NULL,
  reference    VARCHAR(64)   NULL COMMENT 'the payment service''s own id',
  response     MEDIUMTEXT    NULL COMMENT 'JSON or XML, as the service answered',
  paid_at      DATETIME      NULL,
  PRIMARY KEY (id),
  KEY payments_reference (reference),
  CONSTRAINT payments_order FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE shipments (
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT,
  order_id   INT UNSIGNED NOT NULL,
  carrier    VARCHAR(20)  NOT NULL,
  tracking   VARCHAR(40)  NULL,
  shipped_at DATETIME     NULL,
  PRIMARY KEY (id),
  CONSTRAINT shipments_order FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE shipment_items (
  shipment_id INT UNSIGNED NOT NULL,
  line_no     SMALLINT UNSIGNED NOT NULL,
  order_id    INT UNSIGNED NOT NULL,
  quantity    INT          NOT NULL,
  PRIMARY KEY (shipment_id, line_no),
  CONSTRAINT shipment_items_shipment FOREIGN KEY (shipment_id) REFERENCES shipments (id),
  CONSTRAINT shipment_items_line FOREIGN KEY (order_id, line_no) REFERENCES order_items (order_id, line_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE baskets (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT,
  customer_id INT UNSIGNED NOT NULL COMMENT 'never declared',
  contents    MEDIUMTEXT   NOT NULL COMMENT 'PHP serialize()',
  updated_at  DATETIME     NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY baskets_customer (customer_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE sessions (
  id       CHAR(32)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  modified INT          NULL,
  lifetime INT          NULL,
  data     MEDIUMBLOB   NULL COMMENT 'PHP session encoding',
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE settings (
  name  VARCHAR(80) NOT NULL,
  value TEXT        NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE audit_log (
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  at         DATETIME(6)  NOT NULL,
  actor_type ENUM('customer','admin','system') NOT NULL,
  actor_id   INT UNSIGNED NULL,
  action     VARCHAR(40)  NOT NULL,
  message    TEXT         NULL COMMENT 'free text with names and addresses in it',
  PRIMARY KEY (id),
  KEY audit_log_actor (actor_type, actor_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE attachments (
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT,
  owner_type VARCHAR(20)  NOT NULL COMMENT 'order, customer, product: a polymorphic pair',
  owner_id   INT UNSIGNED NOT NULL,
  filename   VARCHAR(150) NOT NULL,
  mime_type  VARCHAR(80)  NOT NULL,
  content    BLOB         NULL,
  sha1       BINARY(20)   NULL,
  PRIMARY KEY (id),
  KEY attachments_owner (owner_type, owner_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE reviews (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT,
  product_id  INT UNSIGNED NOT NULL,
  customer_id INT UNSIGNED NULL,
  stars       TINYINT      NOT NULL,
  title       VARCHAR(120) NULL,
  body        TEXT         NULL,
  created_at  DATETIME     NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT reviews_product FOREIGN KEY (product_id) REFERENCES products (id),
  CONSTRAINT reviews_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE newsletter_subscribers (
  email         VARCHAR(120) NOT NULL COMMENT 'customers.email where there is one, never declared',
  token         CHAR(40)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subscribed_at DATETIME     NOT NULL,
  source        VARCHAR(30)  NULL,
  PRIMARY KEY (email)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE login_attempts (
  at       TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP,
  login    VARCHAR(120) NOT NULL,
  ip       VARCHAR(45)  NOT NULL,
  success  TINYINT(1)   NOT NULL
) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='no key at all';

CREATE TABLE mail_queue (
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT,
  recipient  VARCHAR(120) NOT NULL,
  subject    VARCHAR(200) NOT NULL,
  body       MEDIUMTEXT   NOT NULL,
  queued_at  DATETIME     NOT NULL,
  sent_at    DATETIME     NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
