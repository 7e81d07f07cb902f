<?php
/* What this image is, until an application takes its place. */
require_once 'Zend/Version.php';
header('Content-Type: application/json');
echo json_encode(array(
    'php' => PHP_VERSION,
    'zend_framework' => Zend_Version::VERSION,
    'extensions' => array_map('strtolower', get_loaded_extensions()),
));
