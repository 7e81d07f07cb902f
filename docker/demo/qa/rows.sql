-- QA's rows, written by hand over the years. Clean: whoever wrote them knew what a row should be.
-- Every password here is sommer2019.

SET NAMES utf8mb4;
SET time_zone = 'Europe/Berlin';

INSERT INTO countries (code, name, in_eu) VALUES
  ('DE', 'Deutschland', 1), ('AT', 'Österreich', 1), ('CH', 'Schweiz', 0), ('FR', 'Frankreich', 1);

INSERT INTO tax_rates (country_code, tax_class, rate, valid_from) VALUES
  ('DE', 'standard', 0.1900, '2021-01-01'), ('DE', 'reduced', 0.0700, '2021-01-01'), ('DE', 'zero', 0, '2021-01-01'),
  ('AT', 'standard', 0.2000, '2016-01-01');

INSERT INTO admin_users (id, username, full_name, email, password_hash, manager_id) VALUES
  (1, 'chefin', 'Chefin Test', 'chefin@qa.shop.example', '$2y$10$RfV5bROzfISrJ6YG1OmZ/uTuKKXcQ46Ui048u6wX54vT7K/dE0FwC', 1),
  (2, 'lager', 'Lager Test', 'lager@qa.shop.example', '$2y$10$RfV5bROzfISrJ6YG1OmZ/uTuKKXcQ46Ui048u6wX54vT7K/dE0FwC', 1);

INSERT INTO customers (id, number, email, login, password_hash, salutation, first_name, last_name, phone, country_code, created_at) VALUES
  (1, 'K-0000001', 'test1@kunden.example', 'test1@kunden.example', '$2y$10$RfV5bROzfISrJ6YG1OmZ/uTuKKXcQ46Ui048u6wX54vT7K/dE0FwC', 'Frau', 'Anna', 'Testfrau', '+49 30 5550 0001', 'DE', '2024-01-10 10:00:00'),
  (2, 'K-0000002', 'test2@kunden.example', 'test2@kunden.example', '$2y$10$RfV5bROzfISrJ6YG1OmZ/uTuKKXcQ46Ui048u6wX54vT7K/dE0FwC', 'Herr', 'Jörg', 'Prüfer', '+49 30 5550 0002', 'DE', '2024-01-11 10:00:00'),
  (3, 'K-0000003', 'test3@kunden.example', NULL, '$2y$10$RfV5bROzfISrJ6YG1OmZ/uTuKKXcQ46Ui048u6wX54vT7K/dE0FwC', 'Herr', 'Karl', 'Muster', NULL, 'AT', '2024-01-12 10:00:00'),
  (4, 'K-0000004', 'test4@kunden.example', NULL, '$2y$10$RfV5bROzfISrJ6YG1OmZ/uTuKKXcQ46Ui048u6wX54vT7K/dE0FwC', 'Firma', '', 'Muster GmbH', NULL, 'DE', '2024-02-01 10:00:00'),
  (9, 'K-0000009', 'strasser@kunden.example', NULL, '$2y$10$RfV5bROzfISrJ6YG1OmZ/uTuKKXcQ46Ui048u6wX54vT7K/dE0FwC', 'Herr', 'Georg', 'Strasser', '+49 30 5550 0009', 'DE', '2024-02-10 10:00:00'),
  (10, 'K-0000010', 'test10@kunden.example', 'test10@kunden.example', '$2y$10$RfV5bROzfISrJ6YG1OmZ/uTuKKXcQ46Ui048u6wX54vT7K/dE0FwC', 'Frau', 'Beate', 'Beispiel', NULL, 'CH', '2024-03-01 10:00:00'),
  (1207, 'K-0001207', 'petra.lindqvist@post.example', 'petra.lindqvist@post.example', '$2y$10$RfV5bROzfISrJ6YG1OmZ/uTuKKXcQ46Ui048u6wX54vT7K/dE0FwC', 'Frau', 'Petra', 'Lindqvist', NULL, 'DE', '2024-03-15 10:00:00');

INSERT INTO addresses (id, customer_id, kind, name, street, postcode, city, country_code) VALUES
  (1, 1, 'invoice', 'Anna Testfrau', 'Teststraße 1', '10115', 'Berlin', 'DE'),
  (2, 2, 'invoice', 'Jörg Prüfer', 'Prüfgasse 2', '80331', 'München', 'DE'),
  (3, 3, 'invoice', 'Karl Muster', 'Ring 3', '1010', 'Wien', 'AT'),
  (4, 4, 'invoice', 'Muster GmbH', 'Domplatz 4', '50667', 'Köln', 'DE'),
  (5, 9, 'invoice', 'Georg Strasser', 'Hauptstraße 9', '80331', 'München', 'DE'),
  (6, 9, 'delivery', 'Georg Strasser', 'Werkstraße 9', '80331', 'München', 'DE'),
  (7, 10, 'invoice', 'Beate Beispiel', 'Seeweg 10', '8001', 'Zürich', 'CH'),
  (8, 1207, 'invoice', 'Petra Lindqvist', 'Hafenallee 12', '20095', 'Hamburg', 'DE');

INSERT INTO suppliers (id, name, email) VALUES (1, 'Lieferant Test', 'lieferant@qa.shop.example');

INSERT INTO categories (id, parent_id, slug, name, position) VALUES
  (1, NULL, 'garten', 'Garten', 1), (2, 1, 'giesskannen', 'Gießkannen', 1), (3, NULL, 'wohnen', 'Wohnen', 2);

INSERT INTO products (id, sku, supplier_id, name, description, details, price, tax_class, available_on, active) VALUES
  (1, 'TEST-1', 1, 'Testprodukt eins', 'Zum Testen.', '{"eco": true}', 9.90, 'standard', '2024-01-01', 1),
  (2, 'TEST-2', 1, 'Testprodukt zwei', 'Zum Testen.', NULL, 19.90, 'standard', '2024-01-01', 1),
  (3, 'TEST-3', 1, 'Bücherregal', NULL, NULL, 99.00, 'standard', '2024-01-01', 1),
  (4, 'TEST-4', 1, 'Testbuch', NULL, NULL, 12.00, 'reduced', '2024-01-01', 0),
  (17, 'GIE-17', 1, 'Gießkanne 5 l', 'Verzinkt.', '{"volume": 5}', 24.90, 'standard', '2024-01-01', 1);

INSERT INTO product_categories (product_id, category_id, position) VALUES (1, 3, 1), (2, 3, 2), (3, 3, 3), (17, 2, 1);
INSERT INTO attributes (code, label, unit) VALUES ('farbe', 'Farbe', NULL), ('volumen', 'Volumen', 'l');
INSERT INTO product_attribute_values (product_id, attribute_code, value) VALUES (17, 'farbe', 'grau'), (17, 'volumen', '5'), (3, 'farbe', 'weiß');
INSERT INTO product_prices (product_id, valid_from, price, changed_by) VALUES (17, '2024-01-01 00:00:00.000', 22.90, 1), (17, '2025-01-01 00:00:00.000', 24.90, 1);
INSERT INTO stock_movements (product_id, quantity, reason, moved_at) VALUES
  (1, 100, 'Inventur', '2026-01-02 08:00:00'), (17, 50, 'Inventur', '2026-01-02 08:00:00'), (17, -2, 'Verkauf', '2026-11-20 09:00:00');

INSERT INTO coupons (id, code, percent, valid_until, max_uses) VALUES (1, 'TEST10', 10.0, '2030-12-31', NULL);

INSERT INTO orders (id, customer_id, invoice_address_id, delivery_address_id, coupon_code, status, ordered_at, delivery_date, total) VALUES
  (1, 1, 1, NULL, NULL, 'delivered', '2026-10-01 09:00:00', '2026-10-05', 9.90),
  (2, 2, 2, NULL, 'TEST10', 'delivered', '2026-10-20 09:00:00', '2026-10-24', 19.90),
  (3, 9, 5, 6, NULL, 'shipped', '2026-11-18 09:00:00', '2026-11-23', 99.00),
  (4, 3, 3, NULL, NULL, 'paid', '2026-11-20 08:15:00', '2026-11-25', 24.90),
  (5, 4, 4, NULL, NULL, 'new', '2026-11-20 09:30:00', '2026-11-25', 49.80),
  (6, 10, 7, NULL, NULL, 'cancelled', '2026-11-20 10:00:00', '2026-11-25', 9.90),
  (7, 1207, 8, NULL, NULL, 'packed', '2026-11-20 16:45:00', '2026-11-26', 34.80),
  (4711, 9, 5, 6, NULL, 'shipped', '2026-11-19 12:00:00', '2026-11-24', 34.80);

INSERT INTO order_items (order_id, line_no, product_id, quantity, unit_price, options) VALUES
  (1, 1, 1, 1, 9.90, NULL), (2, 1, 2, 1, 19.90, NULL), (3, 1, 3, 1, 99.00, '{"montage": true}'),
  (4, 1, 17, 1, 24.90, NULL), (5, 1, 17, 2, 24.90, NULL), (6, 1, 1, 1, 9.90, NULL),
  (7, 1, 17, 1, 24.90, NULL), (7, 2, 1, 1, 9.90, NULL), (4711, 1, 17, 1, 24.90, NULL), (4711, 2, 1, 1, 9.90, NULL);

INSERT INTO payments (id, order_id, method, amount, reference, response, paid_at) VALUES
  (1, 1, 'invoice', 9.90, NULL, NULL, '2026-10-10 00:00:00'),
  (2, 2, 'card', 19.90, 'ch_qa_2', '{"status": "authorised"}', '2026-10-20 09:01:00'),
  (3, 3, 'paypal', 99.00, 'ch_qa_3', '{"status": "authorised"}', '2026-11-18 09:01:00'),
  (4, 4, 'card', 24.90, 'ch_qa_4', '{"status": "authorised"}', '2026-11-20 08:16:00'),
  (5, 5, 'invoice', 49.80, NULL, NULL, NULL),
  (6, 6, 'paypal', 9.90, 'ch_qa_6', '{"status": "authorised"}', '2026-11-20 10:01:00'),
  (7, 7, 'sepa', 34.80, NULL, NULL, NULL),
  (8, 4711, 'card', 34.80, 'ch_qa_8', '{"status": "authorised"}', '2026-11-19 12:01:00');

INSERT INTO shipments (id, order_id, carrier, tracking, shipped_at) VALUES (1, 3, 'DHL', 'QA0001', '2026-11-19 07:00:00'), (2, 4711, 'DHL', 'QA0002', '2026-11-20 07:00:00');
INSERT INTO shipment_items (shipment_id, line_no, order_id, quantity) VALUES (1, 1, 3, 1), (2, 1, 4711, 1), (2, 2, 4711, 1);

INSERT INTO baskets (id, customer_id, contents, updated_at) VALUES
  (1, 1, 'a:0:{}', '2026-11-01 10:00:00'),
  (2, 1207, 'a:1:{i:0;a:3:{s:10:"product_id";i:1;s:8:"quantity";i:1;s:4:"name";s:16:"Testprodukt eins";}}', '2026-11-12 10:00:00');

INSERT INTO reviews (id, product_id, customer_id, stars, title, body, created_at) VALUES
  (1, 17, 1, 5, 'Gut', 'Hält dicht.', '2026-05-01 10:00:00'), (2, 17, 2, 4, 'Schön', NULL, '2026-06-01 10:00:00');

INSERT INTO settings (name, value) VALUES ('shop.name', 'Versandhaus QA'), ('mail.bcc', 'qa@shop.example');
INSERT INTO newsletter_subscribers (email, token, subscribed_at, source) VALUES
  ('test1@kunden.example', '0000000000000000000000000000000000000001', '2026-01-01 00:00:00', 'konto');
