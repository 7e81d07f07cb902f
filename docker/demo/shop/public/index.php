<?php
define('RELEASE_PATH', dirname(__DIR__));
define('APPLICATION_PATH', RELEASE_PATH . '/application');
define('APPLICATION_ENV', isset($_SERVER['APPLICATION_ENV']) ? $_SERVER['APPLICATION_ENV'] : 'production');
define('REQUEST_ID', bin2hex(random_bytes(8)));

set_include_path(RELEASE_PATH . '/library' . PATH_SEPARATOR . get_include_path());
require_once 'Zend/Application.php';
require_once 'Zend/Config/Ini.php';

// What differs from server to server belongs to operations: host names, accounts, addresses.
$config = new Zend_Config_Ini(APPLICATION_PATH . '/configs/application.ini', APPLICATION_ENV, true);
$config->merge(new Zend_Config_Ini('/etc/shop/local.ini'));

header('X-Request-Id: ' . REQUEST_ID);
header('X-Served-By: ' . $config->server->name);
header('X-Shop-Version: ' . trim(file_get_contents(RELEASE_PATH . '/VERSION')));

$application = new Zend_Application(APPLICATION_ENV, $config);
$application->bootstrap()->run();
